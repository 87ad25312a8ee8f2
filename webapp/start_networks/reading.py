"""Reading a network, and making a checkpoint of it. Worker side."""

from dataclasses import replace
from pathlib import Path

from search_engine.architecture import ImageShape, Outline
from search_engine.checkpoint import load_checkpoint, read_description
from search_engine.errors import CheckpointError, SearchEngineError
from search_engine.networks import Network
from search_engine.networks.adopted import adopt, outline_exported, outline_torchvision
from webapp.checkpoints import files
from webapp.checkpoints.models import Checkpoint, Origin
from webapp.checkpoints.storing import Stored, store
from webapp.searches.holding import renewed
from webapp.start_networks import lifecycle
from webapp.start_networks.models import Source, StartNetwork, Step
from webapp.start_networks.names import PROGRAM, WEIGHTS
from webapp.start_networks.uploaded import whole_checkpoint

NO_SITES = (
    "No cell can grow in it: it has no 3x3 convolution of stride 1 or 2, padded by one pixel of"
    " zeros and not dilated."
)


def prepare(network_id: int) -> None:
    """Do the step that a start network waits for, unless another worker does."""
    attempt = lifecycle.claimed(network_id)
    if attempt is None:
        return
    network = StartNetwork.objects.select_related("dataset").get(pk=network_id)
    try:
        with (
            renewed(lambda: lifecycle.lease_renewed(network_id, attempt)),
            files.local(network.folder, network.files) as folder,
        ):
            if network.step == Step.READ:
                lifecycle.outline_read(network_id, attempt, _outline(network, folder).to_json())
            else:
                _adopt(network, attempt, folder)
    except SearchEngineError as error:
        lifecycle.failed(network_id, attempt, _told(error))
    except Exception as error:
        reason = f"A fault of Espalier, {type(error).__name__}: {error}"
        lifecycle.failed(network_id, attempt, reason)
        raise


def _told(error: SearchEngineError) -> str:
    """Without the folder of this worker, which says nothing to a user."""
    if isinstance(error, CheckpointError):
        return f"{Path(error.path).name}: {error.reason}"
    return str(error)


def _outline(network: StartNetwork, folder: Path) -> Outline:
    dataset = network.dataset
    assert dataset is not None, "only checkpoints come without a data set, and they are not read"
    classes = len(dataset.class_names)
    image = ImageShape(dataset.image_channels, dataset.image_height, dataset.image_width)
    if network.source == Source.TORCHVISION:
        return outline_torchvision(network.model, image, classes)
    outline = outline_exported(folder / PROGRAM, classes)
    if outline.image != image:
        raise SearchEngineError(
            f"The program takes images of {_words(outline.image)}, those of {dataset.name} are of"
            f" {_words(image)}. Export it with an example input of that shape."
        )
    if not outline.sites:
        raise SearchEngineError(NO_SITES)
    return replace(outline, model=network.name)  # the file is called alike for everybody


def _words(image: ImageShape) -> str:
    channels = "1 channel" if image.channels == 1 else f"{image.channels} channels"
    return f"{image.width} x {image.height} pixels with {channels}"


def _adopt(network: StartNetwork, attempt: int, folder: Path) -> None:
    target = f"checkpoints/start-network-{network.pk}-{attempt}"
    if network.source == Source.CHECKPOINT:
        stored = _checkpoint(folder, target)
    else:
        adopted = _adopted(network, folder)
        stored = store(adopted, target, accuracy=None, trained_on=None)
    row = Checkpoint(owner_id=network.owner_id, origin=Origin.UPLOAD, name=network.name, **stored)
    if not lifecycle.adopted(network.pk, attempt, row):
        files.delete(target)


def _adopted(network: StartNetwork, folder: Path) -> Network:
    outline = Outline.from_json(network.outline)
    weights = next((folder / n for n in (WEIGHTS, PROGRAM) if n in network.files), None)
    return adopt(outline.config(network.sites), weights=weights, seed=0)


def _checkpoint(uploaded: Path, target: str) -> Stored:
    """An uploaded checkpoint, loaded once to see that it is whole, and written anew."""
    with whole_checkpoint(uploaded) as folder:
        description = read_description(folder)
        return store(
            load_checkpoint(folder),
            target,
            accuracy=description.metrics.get("accuracy"),
            trained_on=description.trained_on,
            lineage=description.lineage,
        )
