"""Having a network read, and a checkpoint made of it, each in a process of its own. Worker side."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings

from webapp.adopted.models import AdoptedNetwork, Step
from webapp.adopted.names import PROGRAM, Source
from webapp.checkpoints import files
from webapp.checkpoints.lifecycle import measurement_requested
from webapp.checkpoints.models import Checkpoint, Origin
from webapp.datasets.files import unpacked_limit_bytes
from webapp.datasets.models import Dataset
from webapp.datasets.selectors import usable_datasets
from webapp.storage import folders
from webapp.storage.local import local, scratch
from webapp.work import process
from webapp.work.runner import Hold

OUTLINE = "webapp.adopted.child:outline"
CHECKPOINT = "webapp.adopted.child:checkpoint"


def prepare(network: AdoptedNetwork, hold: Hold[AdoptedNetwork]) -> None:
    """Do the step that a network waits for."""
    with scratch() as folder:
        with local(network.folder, network.files) as kept:
            for name in network.files:  # copies: what reads them writes beside them
                shutil.copyfile(kept / name, folder / name)
        if network.step == Step.READ:
            _read(network, hold, folder)
        else:
            _adopt(network, hold, folder)


def _read(network: AdoptedNetwork, hold: Hold[AdoptedNetwork], folder: Path) -> None:
    outline = process.run(OUTLINE, _to_read(network, folder), hold)
    kept, size = network.files, network.bytes
    if network.source == Source.TIMM:
        # From now on it is the program that it has become, whether timm is there or not.
        folders.put(folder, network.folder, [PROGRAM])
        kept = sorted({*kept, PROGRAM})
        size += (folder / PROGRAM).stat().st_size
    hold.complete(outline=outline, files=kept, bytes=size)


def _to_read(network: AdoptedNetwork, folder: Path) -> dict[str, Any]:
    dataset = network.dataset
    assert dataset is not None, "only checkpoints come without a data set, and they are not read"
    return {
        "source": network.source,
        "model": network.model,
        "name": network.name,
        "folder": str(folder),
        "classes": len(dataset.class_names),
        "image": [dataset.image_channels, *dataset.size],
        "dataset": dataset.name,
        "pretrained": network.pretrained,
        "normalisation": network.normalisation,
        **_published(),
    }


def _published() -> dict[str, str]:
    """Where published weights are kept, and fetched from."""
    return {
        "weights_folder": str(settings.WEIGHTS_FOLDER),
        "weights_mirror": settings.WEIGHTS_MIRROR,
    }


def _adopt(network: AdoptedNetwork, hold: Hold[AdoptedNetwork], folder: Path) -> None:
    target = f"checkpoints/adopted-{network.pk}-{hold.token}"
    with TemporaryDirectory(prefix="espalier-") as out:
        request = {
            "source": network.source,
            "folder": str(folder),
            "files": network.files,
            "outline": network.outline,
            "sites": network.sites,
            "out": out,
            "limit_bytes": unpacked_limit_bytes(),
            **_published(),
        }
        saved = process.run(CHECKPOINT, request, hold)
        files.put(Path(out), target)
    checkpoint = Checkpoint(
        owner_id=network.owner_id,
        origin=Origin.UPLOAD,
        name=network.name,
        folder=target,
        **saved,
    )
    checkpoint.dataset = network.dataset or _trained_on(network, checkpoint)
    if not hold.complete(then=lambda row: _keep(row, checkpoint)):
        folders.delete(target)


def _trained_on(network: AdoptedNetwork, checkpoint: Checkpoint) -> Dataset | None:
    """The data set of the name that an uploaded checkpoint says."""
    name = checkpoint.trained_on.get("name", "")
    datasets = usable_datasets(network.owner).filter(image_channels=checkpoint.image[0])
    return datasets.filter(engine_name=name).first() or datasets.filter(name=name).first()


def _keep(network: AdoptedNetwork, checkpoint: Checkpoint) -> None:
    """Its row; a worker that trains measures it: this one may have another device."""
    checkpoint.save()
    AdoptedNetwork.objects.filter(pk=network.pk).update(checkpoint=checkpoint)
    measurement_requested(checkpoint)
