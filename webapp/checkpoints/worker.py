"""Building exports and measuring checkpoints. Worker side."""

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from safetensors.torch import save_file

from search_engine.checkpoint import load_checkpoint
from search_engine.cost_measurement import measure_costs
from search_engine.export import Compared
from search_engine.spec import ImageShape
from search_engine.spec.errors import OutOfMemory, SearchEngineError
from search_engine.spec.search_config import SearchConfig
from webapp.checkpoints import files
from webapp.checkpoints.child import measured
from webapp.checkpoints.models import Checkpoint, Export, Measurement
from webapp.datasets.models import Dataset
from webapp.datasets.worker import load_images
from webapp.storage import folders
from webapp.work import device, process
from webapp.work.causes import WorkDelayed
from webapp.work.runner import Hold

BUILD = "webapp.checkpoints.child:build"


def build(export: Export, hold: Hold[Export]) -> None:
    """Build an export, compared on real images where there are any, and keep its files."""
    checkpoint = export.checkpoint
    folder = f"{checkpoint.folder}/exports/{export.name}-{hold.token}"
    with files.local(checkpoint.folder) as source, TemporaryDirectory(prefix="espalier-") as name:
        out, images = Path(name) / "out", Path(name) / "images.safetensors"
        compared = real_images(checkpoint, export.dataset)
        if compared is not None:
            save_file(compared.tensors(), images)
        request = {
            "checkpoint": str(source),
            "form": export.form.to_json(),
            "out": str(out),
            "images": None if compared is None else str(images),
        }
        report = process.run(BUILD, request, hold)
        folders.put(out, folder, [file["name"] for file in report["files"]])
    hashes = [file["sha256"] for file in report["files"]]
    sha256 = hashes[0] if len(hashes) == 1 else report["sha256"]
    if hold.complete(report=report, folder=folder, sha256=sha256, bytes=report["bytes"]):
        _delete_others(folder, export.name)
    else:
        folders.delete(folder)


def _delete_others(folder: str, form: str) -> None:
    """What attempts have stored whose worker was killed before it could say so."""
    place, _, own = folder.rpartition("/")
    for name in folders.folders_in(place):
        if name != own and name.rpartition("-")[0] == form:
            folders.delete(f"{place}/{name}")


def measure(measurement: Measurement, hold: Hold[Measurement]) -> None:
    """Measure a checkpoint as trials are measured, on the device that this worker trains on."""
    with files.local(measurement.checkpoint.folder) as folder:
        network = load_checkpoint(folder, device=device.device())
    try:
        costs = measure_costs(network, hold.should_stop, hold.tell_share)
    except torch.OutOfMemoryError:
        sentence = "64 images at once are too much for the device's memory."
        raise OutOfMemory(sentence) from None
    rows = Checkpoint.objects.filter(pk=measurement.checkpoint_id)
    update = partial(rows.update, **measured(network, costs))
    hold.complete(then=lambda _: update())


def real_images(checkpoint: Checkpoint, dataset: Dataset | None = None) -> Compared | None:
    """Test images of its data set, which it has not learned from; or of the one that was chosen.

    Args:
        checkpoint: of a search, or brought in.
        dataset: where it was brought in; its images have the network's channels.

    Returns:
        Spread over all of them, of the size that the network takes; None where there are none, or
        they are no longer here.
    """
    search = checkpoint.search
    try:
        if search is not None:
            return _images(search.dataset, checkpoint, SearchConfig.from_json(search.config))
        return None if dataset is None else _images(dataset, checkpoint)
    except (SearchEngineError, WorkDelayed):
        return None


def _images(
    dataset: Dataset, checkpoint: Checkpoint, config: SearchConfig | None = None
) -> Compared:
    """Images that a search with this config does not look at before its end, and learned ones."""
    images = load_images(dataset)
    if config is None:
        splits = images.split(validation=0, calibration=0, seed=0)
    else:
        splits = images.split(
            validation=config.data.validation,
            calibration=config.data.calibration,
            seed=config.split_seed,
            train_limit=config.data.train_limit,
        )
    names = tuple(checkpoint.trained_on.get("class_names", ()))
    found = Compared.of(images, splits, has_labels=images.class_names == names)
    return found if config is not None else found.resized(ImageShape(*checkpoint.image))
