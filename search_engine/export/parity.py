"""Whether an export computes what the network computes."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from search_engine.errors import ExportError
from search_engine.export_report import ExportKind

BATCH = 64
Run = Callable[[Tensor], Tensor]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two networks agree.

    Args:
        difference: largest change of a logit, as a share of the logits' scale.
        classes_changed: images on which the likeliest class is another one.
    """

    difference: float
    classes_changed: int


@torch.inference_mode()
def compare(expected: Run, got: Run, images: Tensor) -> Agreement:
    """Run both on the same images, in batches of several sizes.

    Args:
        expected: the network.
        got: the export.
        images: normalised, float32, `(N, C, H, W)`.
    """
    # The first image alone as well: a batch of one is what a dynamic batch is likeliest to break.
    batches = (images[:1], *images.split(BATCH))
    first = torch.cat([expected(batch) for batch in batches])
    second = torch.cat([got(batch) for batch in batches])
    if first.shape != second.shape:
        return Agreement(float("inf"), len(images))
    scale = first.abs().max().clamp_min(torch.finfo(first.dtype).tiny)
    changed = first[1:].argmax(dim=1) != second[1:].argmax(dim=1)
    return Agreement(float((first - second).abs().max() / scale), int(changed.sum()))


def check(kind: ExportKind, agreement: Agreement, images: int) -> None:
    """Refuse an export that computes something else.

    Args:
        kind: with its bound.
        agreement: what was found.
        images: on how many.

    Raises:
        ExportError: the logits differ by more than the bound, or are not numbers, or a class found
            is another one.
    """
    if not agreement.difference <= kind.bound:
        raise ExportError(
            kind,
            f"expected the network's logits within {kind.bound:.0e} of their scale,"
            f" got a difference of {agreement.difference:.1e} on {images} images",
        )
    if agreement.classes_changed:
        raise ExportError(
            kind,
            "expected the network's class on every image, got another one on"
            f" {agreement.classes_changed} of {images}",
        )
