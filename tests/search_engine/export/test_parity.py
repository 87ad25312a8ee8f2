"""The comparison itself, by hand."""

import pytest
import torch
from torch import Tensor

from search_engine.errors import ExportError
from search_engine.export.parity import Agreement, check, compare
from search_engine.export_report import ExportKind

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
    with pytest.raises(ExportError, match="expected the network's logits"):
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
