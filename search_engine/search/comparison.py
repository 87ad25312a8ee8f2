"""The end of a search: winner, control and start network meet the test images, once."""

import base64
import io
from collections.abc import Callable
from dataclasses import replace
from typing import Final, NamedTuple

import torch
from PIL import Image
from torch import Tensor

from search_engine.cost_measurement import Tell, measure_costs
from search_engine.data import SplitDataset
from search_engine.networks import CondenseNet, Network
from search_engine.spec.comparison import (
    ChangedImages,
    Comparison,
    Contender,
    Gain,
    Picture,
    recalls_of,
)
from search_engine.spec.errors import DatasetError
from search_engine.spec.objective import CostKind
from search_engine.training.device import memory_faults, settle
from search_engine.training.metrics import predict

PICTURES: Final = 8
"""The most pictures of images that changed sides, each way."""

PICTURE_SIDE: Final = 64
"""Pixels of their longer side, at most."""


class Entrant(NamedTuple):
    """A network and the trial in which it was trained."""

    network: Network
    trial: int


def compare(
    start: Network,
    control: Entrant | None,
    winner: Entrant,
    data: SplitDataset,
    *,
    device: torch.device | str = "cpu",
    measure_latency: bool = False,
    should_stop: Callable[[], bool] = lambda: False,
    tell: Tell = lambda share, note: None,
) -> Comparison:
    """Measure the three on the same test images, in the precision of their weights.

    Args:
        control: the start network trained on unchanged; None where the search had none.
        device: to which the networks are moved.
        measure_latency: whether latencies are measured there too.
        should_stop: asked before each forward pass of that measuring.
        tell: told before each of the networks meets the images.

    Raises:
        DatasetError: the data set has no test images.
        OutOfMemory: the device has not enough memory.
        TrainingStopped: `should_stop` said so.
    """
    if not len(data.splits.test):
        raise DatasetError(data.dataset.name, "expected test images, got none")
    entrants = {"Start network": Entrant(start, 0), "Winner": winner}
    if control:
        entrants["Control"] = control
    stop = should_stop if measure_latency else None
    found: list[tuple[Contender, Tensor]] = []
    with memory_faults():
        for name, entrant in entrants.items():
            tell(len(found) / len(entrants), name)
            found.append(_measured(entrant, data, torch.device(device), stop))
    (begun, at_first), (won, at_last), *rest = found
    labels = data.dataset.labels[data.splits.test]
    over_start = _gain(at_last, at_first, labels, data.classes)
    over_control = None
    if rest:
        over_control = _gain(at_last, rest[0][1], labels, data.classes)
        over_control = _with_pictures(over_control, at_last, rest[0][1], data)
    else:
        over_start = _with_pictures(over_start, at_last, at_first, data)
    return Comparison(
        start=begun,
        control=rest[0][0] if rest else None,
        winner=won,
        gain=over_control,
        gain_over_start=over_start,
        class_names=data.dataset.class_names,
        class_images=tuple(torch.bincount(labels, minlength=data.classes).tolist()),
    )


def _measured(
    entrant: Entrant,
    data: SplitDataset,
    device: torch.device,
    should_stop: Callable[[], bool] | None,
) -> tuple[Contender, Tensor]:
    """What a network comes to on the test images, and the class that it predicts for each.

    Args:
        should_stop: asked while the latency is measured, which it is not where this is None.
    """
    network, trial = entrant
    settle(network, device)
    plain = network.converted() if isinstance(network, CondenseNet) else network
    predictions, labels = predict(plain, data.test())
    hits = (predictions == labels).tolist()
    cost = network.architecture.cost
    costs = measure_costs(network, should_stop) if should_stop else {}
    contender = Contender(
        trial=trial,
        accuracy=sum(hits) / len(hits),
        images=len(hits),
        recalls=recalls_of(hits, labels.tolist(), data.classes),
        parameters=cost.parameters,
        multiply_adds=cost.multiply_adds,
        latency_1=costs.get(CostKind.LATENCY_1),
        latency_64=costs.get(CostKind.LATENCY_64),
    )
    return contender, predictions


def _gain(winner: Tensor, other: Tensor, labels: Tensor, classes: int) -> Gain:
    """The gain of one network's predictions over another's."""
    ours, theirs = (winner == labels).tolist(), (other == labels).tolist()
    return Gain.between(ours, theirs, labels.tolist(), classes)


def _with_pictures(gain: Gain, winner: Tensor, other: Tensor, data: SplitDataset) -> Gain:
    """The gain with some of the images that changed sides to look at."""

    def picture(index: int) -> Picture:
        place = data.splits.test[index]
        return Picture(
            index=index,
            label=int(data.dataset.labels[place]),
            winner=int(winner[index]),
            other=int(other[index]),
            webp=_webp(data.dataset.images[place]),
        )

    def pictured(changed: ChangedImages) -> ChangedImages:
        step = max(1, len(changed.indexes) // PICTURES)
        return replace(changed, pictures=tuple(map(picture, changed.indexes[::step][:PICTURES])))

    return replace(gain, improved=pictured(gain.improved), worsened=pictured(gain.worsened))


def _webp(image: Tensor) -> str:
    """A small picture of an image, uint8, `(C, H, W)`, in base64."""
    has_colours = len(image) == 3
    pixels = image.permute(1, 2, 0).numpy() if has_colours else image[0].numpy()
    picture = Image.fromarray(pixels, "RGB" if has_colours else "L")
    picture.thumbnail((PICTURE_SIDE, PICTURE_SIDE))
    target = io.BytesIO()
    picture.save(target, "WEBP", quality=90)
    return base64.b64encode(target.getvalue()).decode()
