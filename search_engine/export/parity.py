"""Whether an export computes what the network computes."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from search_engine.spec.errors import ExportError
from search_engine.spec.export_form import ACCURACY_LOST, ExportForm, ExportKind

BATCH = 64
Run = Callable[[Tensor], Tensor]


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Shares of labelled images that are classified right, and how sure their difference is.

    Args:
        before: by the network.
        after: by the export.
        error: standard error of the difference: the images are the same ones, so only those count
            of which one is right and the other wrong.
    """

    before: float
    after: float
    error: float


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two networks agree.

    Args:
        difference: largest change of an output, as a share of the outputs' scale.
        classes_changed: images on which the likeliest class is another one.
        accuracy: None where the images' classes are not known.
    """

    difference: float
    classes_changed: int
    accuracy: Accuracy | None = None


@torch.inference_mode()
def compare(expected: Run, got: Run, images: Tensor, labels: Tensor | None = None) -> Agreement:
    """Run both on the same images, in batches of several sizes.

    Args:
        expected: the network.
        got: the export.
        images: what both take, `(N, C, H, W)`.
        labels: int64, `(N,)`, where they are known.
    """
    # The first image alone as well: a batch of one is what a dynamic batch is likeliest to break.
    batches = (images[:1], *images.split(BATCH))
    first = torch.cat([expected(batch) for batch in batches])
    second = torch.cat([got(batch) for batch in batches])
    if first.shape != second.shape:
        return Agreement(float("inf"), len(images))
    scale = first.abs().max().clamp_min(torch.finfo(first.dtype).tiny)
    before, after = (logits[1:].argmax(dim=1) for logits in (first, second))
    accuracy = None if labels is None else _accuracy(before == labels, after == labels)
    difference = float((first - second).abs().max() / scale)
    return Agreement(difference, int((before != after).sum()), accuracy)


def _accuracy(before: Tensor, after: Tensor) -> Accuracy:
    """Accuracies from whether each image is classified right."""
    change = after.double() - before.double()
    error = float(change.std(correction=0)) / len(change) ** 0.5
    return Accuracy(float(before.double().mean()), float(after.double().mean()), error)


def check(form: ExportForm | ExportKind, agreement: Agreement, images: int) -> None:
    """Refuse an export that computes something else.

    Raises:
        ExportError: outputs differ by more than the bound, or are not numbers, or too many classes
            found are other ones, or too much of the accuracy is lost.
    """
    form = ExportForm.of(form)
    bound = float("inf") if form.bound is None else form.bound
    # Infinite is what is no number, and another shape: no bound allows it.
    if not agreement.difference <= bound or agreement.difference == float("inf"):
        limit = "numbers" if form.bound is None else f"within {form.bound:.0e} of their scale"
        raise ExportError(
            form.name,
            f"expected the network's outputs {limit},"
            f" got a difference of {agreement.difference:.1e} on {images} images",
        )
    found = agreement.accuracy
    if found is not None and form.bound is None:
        if found.before - found.after > ACCURACY_LOST:
            raise ExportError(
                form.name,
                f"expected to lose at most {ACCURACY_LOST:.0%} of accuracy, got {found.after:.1%}"
                f" in place of {found.before:.1%} on {images} images",
            )
    elif agreement.classes_changed > form.classes_bound * images:
        most = int(form.classes_bound * images)
        allowed = f"all but {most} images" if most else "every image"
        raise ExportError(
            form.name,
            f"expected the network's class on {allowed}, got another one on"
            f" {agreement.classes_changed} of {images}",
        )


def check_pixels(found: Tensor, expected: Tensor) -> None:
    """Refuse an export that makes other pixels of a picture than Python does.

    Args:
        found: uint8, `(1, C, H, W)`.
        expected: uint8, `(C, H, W)`.

    Raises:
        ExportError: they are not the same to the bit.
    """
    off = (found[0].int() - expected.int()).abs()
    if int(off.max()):
        reason = (
            f"expected the pixels that `preprocess` makes of a picture, got {int((off > 0).sum())}"
            f" of {off.numel()} that are up to {int(off.max())} grey levels off"
        )
        raise ExportError("onnx-image", reason)
