"""The comparison itself, by hand."""

import pytest
import torch
from torch import Tensor

from search_engine.export.parity import Accuracy, Agreement, check, compare
from search_engine.spec.errors import ExportError
from search_engine.spec.export_form import ExportForm, ExportKind, Precision

IMAGES = torch.tensor([[1.0, 2.0], [-4.0, 1.0], [0.5, 0.25]])


def test_the_difference_is_a_share_of_the_largest_logit() -> None:
    # The largest logit is -4; one logit moves by 0.5: 0.5 / 4.
    moved = torch.tensor([[1.0, 2.0], [-3.5, 1.0], [0.5, 0.25]])
    found = compare(lambda x: x, lambda x: moved if len(x) > 1 else x, IMAGES)
    assert found == Agreement(0.125, 0)


def test_images_with_another_class_are_counted() -> None:
    found = compare(lambda x: x, lambda x: x.flip(1), IMAGES)
    assert found.classes_changed == 3


def test_a_batch_of_one_is_compared_as_well() -> None:
    found = compare(lambda x: x, lambda x: x if len(x) > 1 else x + 4, IMAGES)
    assert found.difference == 1.0


@pytest.mark.parametrize("wrong", [torch.nan, torch.inf])
def test_what_is_no_number_is_never_within_the_bound(wrong: float) -> None:
    found = compare(lambda x: x, lambda x: x + wrong, IMAGES)
    with pytest.raises(ExportError, match="expected the network's outputs"):
        check(ExportKind.ONNX, found, 3)


def test_another_shape_is_no_agreement() -> None:
    def narrow(x: Tensor) -> Tensor:
        return x[:, :1]

    with pytest.raises(ExportError, match="difference of inf on 3 images"):
        check(ExportKind.ONNX, compare(lambda x: x, narrow, IMAGES), 3)


def test_another_class_is_refused_however_small_the_difference() -> None:
    check(ExportKind.ONNX, Agreement(1e-4, 0), 3)
    with pytest.raises(ExportError, match="another one on 1 of 3"):
        check(ExportKind.ONNX, Agreement(1e-9, 1), 3)


LABELS = torch.tensor([1, 1, 0])


def test_of_labelled_images_the_accuracy_before_and_after_is_told() -> None:
    # Before: classes 1, 1, 0, all right. After: the third one is wrong. The changes are 0, 0, -1:
    # variance 2/9 around -1/3, and the standard error its root by the root of 3.
    swapped = IMAGES.clone()
    swapped[2] = IMAGES[2].flip(0)
    found = compare(lambda x: x, lambda x: swapped if len(x) > 1 else x, IMAGES, LABELS)
    assert found.accuracy is not None
    assert found.accuracy.before == 1.0 and found.accuracy.after == pytest.approx(2 / 3)
    assert found.accuracy.error == pytest.approx((2 / 9) ** 0.5 / 3**0.5)


def test_of_int8_the_accuracy_counts_where_it_is_known_and_else_the_classes() -> None:
    form = ExportForm(ExportKind.ONNX, Precision.INT8)
    check(form, Agreement(0.5, 30, Accuracy(0.9, 0.86, 0.01)), 100)
    with pytest.raises(ExportError, match=r"at most 5% of accuracy, got 84.0% in place of 90.0%"):
        check(form, Agreement(0.1, 3, Accuracy(0.9, 0.84, 0.01)), 100)
    check(form, Agreement(0.5, 10), 100)
    with pytest.raises(ExportError, match="all but 10 images, got another one on 11 of 100"):
        check(form, Agreement(0.5, 11), 100)
    with pytest.raises(ExportError, match="expected the network's outputs numbers"):
        check(form, Agreement(float("nan"), 0), 100)
