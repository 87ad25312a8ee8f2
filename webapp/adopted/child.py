"""Reads a network, or makes a checkpoint of it, in a process of its own. No database here."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any

from search_engine.checkpoint import load_checkpoint, open_checkpoint
from search_engine.networks.adopted import (
    adopt,
    outline_exported,
    outline_onnx,
    outline_timm,
    outline_torchvision,
    timm_weights,
    torchvision_weights,
    weights_file,
)
from search_engine.spec import (
    NORMALISATIONS,
    Architecture,
    ImageShape,
    Outline,
    PublishedWeights,
)
from search_engine.spec.description import Description, judged
from search_engine.spec.documents import parse_document
from search_engine.spec.errors import CheckpointError, SearchEngineError
from webapp.adopted.names import CHECKPOINT, DESCRIPTION, ONNX, PROGRAM, WEIGHTS, Source
from webapp.checkpoints.child import Saved, save
from webapp.work.child import Task, Tell

NO_SITES = (
    "No cell can grow in it: it has no 3x3 convolution of stride 1 or 2, padded by one pixel of"
    " zeros and not dilated."
)


def _without_folder(task: Task) -> Task:
    """Refuse files by their names: the folder of this worker says nothing to a user."""

    @wraps(task)
    def told(request: Mapping[str, Any], tell: Tell) -> Any:
        try:
            return task(request, tell)
        except CheckpointError as error:
            raise SearchEngineError(f"{Path(error.place).name}: {error.reason}") from error

    return told


@_without_folder
def outline(request: Mapping[str, Any], tell: Tell) -> Any:
    """A network's layers, as JSON.

    Args:
        request: `source`, `model`, `name`, and `folder` with its files, where timm's program is put
            as well; `classes`, `image` and `dataset`, the name of that, which it is to fit;
            `pretrained`, with `weights_folder` and `weights_mirror`; `normalisation`.
    """
    tell(0.1, "Reading the network")
    found = _outline(request)
    if request["normalisation"]:
        found = found.with_normalisation(NORMALISATIONS[request["normalisation"]])
    if request["pretrained"]:
        weights = _known(request)
        tell(0.5, f"Fetching {weights.file}")
        found = found.with_weights(_file(weights, request)[1])
    return found.to_json()


def _outline(request: Mapping[str, Any]) -> Outline:
    image, classes = ImageShape(*request["image"]), request["classes"]
    folder, model = Path(request["folder"]), request["model"]
    match request["source"]:
        case Source.TORCHVISION:
            return outline_torchvision(model, image, classes)
        case Source.TIMM:
            found = outline_timm(model, image, classes, folder / PROGRAM)
        case Source.ONNX:
            found = outline_onnx(folder / ONNX, classes)
        case _:
            found = outline_exported(folder / PROGRAM, classes)
    if found.image != image:
        raise SearchEngineError(
            f"The program takes images of {_words(found.image)}, those of {request['dataset']} are"
            f" of {_words(image)}. Export it with an example input of that shape."
        )
    if not found.sites:
        raise SearchEngineError(NO_SITES)
    # Files are called alike for everybody.
    return replace(found, model=model or request["name"])


def _known(request: Mapping[str, Any]) -> PublishedWeights:
    model = request["model"]
    if request["source"] == Source.TIMM:
        return timm_weights(model)
    return torchvision_weights(model, request["pretrained"])


def _file(weights: PublishedWeights, request: Mapping[str, Any]) -> tuple[Path, PublishedWeights]:
    folder, mirror = Path(request["weights_folder"]), request["weights_mirror"]
    return weights_file(weights, folder, download=True, mirror=mirror)


@_without_folder
def checkpoint(request: Mapping[str, Any], tell: Tell) -> Saved:
    """The columns of its row.

    Args:
        request: `source`, and `folder` with the `files` that are kept; `outline` and `sites`,
            unless it is a checkpoint already; `out`, the folder to write to; `limit_bytes`, that a
            zip may unpack to; `weights_folder` and `weights_mirror`.
    """
    tell(0.1, "Making its checkpoint")
    folder, out = Path(request["folder"]), Path(request["out"])
    if request["source"] == Source.CHECKPOINT:
        return _checked(folder, out, request["limit_bytes"])
    found = Outline.from_json(request["outline"])
    if found.weights is not None:
        weights: Path | None = _file(found.weights, request)[0]
    else:
        kept = (name for name in (WEIGHTS, PROGRAM, ONNX) if name in request["files"])
        weights = next((folder / name for name in kept), None)
    config = found.config(request["sites"])
    return save(adopt(config, weights=weights, seed=0), out, accuracy=None, trained_on=None)


def _checked(uploaded: Path, out: Path, limit_bytes: int) -> Saved:
    """An uploaded checkpoint, loaded once to see that it is whole, and written anew."""
    with _whole_checkpoint(uploaded, limit_bytes) as folder:
        text = (folder / DESCRIPTION).read_bytes()
        description = judged(parse_document(text, "checkpoint"))
        network = load_checkpoint(folder)
        for name, tensor in network.state_dict().items():
            if not tensor.isfinite().all():
                raise CheckpointError(WEIGHTS, f"{name} holds numbers that are not finite")
        return save(
            network,
            out,
            accuracy=description.metrics.get("accuracy"),
            trained_on=description.trained_on,
            lineage=description.lineage,
        )


@contextmanager
def _whole_checkpoint(folder: Path, limit_bytes: int) -> Iterator[Path]:
    """The folder of an uploaded checkpoint as the engine reads it, while the `with` lasts.

    Args:
        folder: with the uploaded files; an architecture in it is completed to a description.

    Raises:
        SearchEngineError: damaged, or something else.
    """
    if (folder / CHECKPOINT).exists():
        with open_checkpoint(folder / CHECKPOINT, limit_bytes) as unpacked:
            yield unpacked
        return
    _complete(folder / DESCRIPTION, folder / WEIGHTS)
    yield folder


def _complete(path: Path, weights: Path) -> None:
    document = parse_document(path.read_bytes(), "checkpoint")
    if not isinstance(document, dict) or "skeleton" not in document:
        return
    with weights.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    description = Description(Architecture.from_json(document), weights_sha256=sha256)
    path.write_text(json.dumps(description.to_json()), encoding="utf-8")


def _words(image: ImageShape) -> str:
    channels = "1 channel" if image.channels == 1 else f"{image.channels} channels"
    return f"{image.width} x {image.height} pixels with {channels}"
