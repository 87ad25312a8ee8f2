"""Whether an export computes what the network computes."""

from collections.abc import Callable, Sequence
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
    """Of whether each image is classified right."""
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


@torch.inference_mode()
def compare_pictures(
    run: Run, resized: Run, pictures: Sequence[tuple[Tensor, Tensor]]
) -> tuple[float, float]:
    """How near an export resizes pictures to what Pillow makes of them.

    Args:
        run: the export: pictures to probabilities.
        resized: pictures to the pixels that the export's network sees.
        pictures: a picture, and what Pillow makes of it, of the network's size; uint8,
            `(1, C, H, W)`.

    Returns:
        The share of pixels that are off by one grey level, and the largest change of a probability.

    Raises:
        ExportError: a pixel is off by more.
    """
    off, changes = [], []
    for picture, pixels in pictures:
        off.append((resized(picture).int() - pixels.int()).abs().flatten())
        changes.append(float((run(picture) - run(pixels)).abs().max()))
    levels = torch.cat(off)
    if int(levels.max()) > 1:
        reason = f"expected pixels within one grey level of Pillow's, got {int(levels.max())}"
        raise ExportError("onnx-image", reason)
    return float((levels > 0).double().mean()), max(changes)
