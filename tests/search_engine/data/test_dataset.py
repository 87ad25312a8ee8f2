from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch

from search_engine.data import Dataset
from search_engine.spec.errors import DatasetError, InvalidConfig

MakeDataset = Callable[..., Dataset]


def test_shape_and_class_counts_are_those_of_the_images(make_dataset: MakeDataset) -> None:
    dataset = make_dataset((5, 2), (3, 6, 4))
    assert dataset.image_shape == (3, 6, 4)
    assert dataset.class_counts == (5, 2)
    assert len(dataset) == 7


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("images", torch.zeros(60, 3, 6, 5), r"small\.images: expected torch\.uint8"),
        ("images", torch.zeros(60, 6, 5, dtype=torch.uint8), "4 dimensions"),
        ("images", torch.zeros(60, 3, 0, 5, dtype=torch.uint8), "none, shape"),
        ("labels", torch.zeros(60, dtype=torch.int32), r"small\.labels: expected torch\.int64"),
        ("labels", torch.zeros(59, dtype=torch.int64), "expected 60, one per image, got 59"),
        ("labels", torch.full((60,), 3), "expected 0 to 2, got 3"),
        ("labels", torch.full((60,), -1), "expected 0 to 2, got -1"),
        ("labels", torch.arange(60) % 2, "class 'class 2' has no image"),
        ("class_names", ("a", "a", "b"), "different class names"),
        ("test", torch.tensor([60]), "expected 0 to 59, got 60"),
        ("test", torch.tensor([4, 4]), "names image 4 twice"),
    ],
)
def test_what_does_not_fit_is_refused(
    make_dataset: MakeDataset, field: str, value: Any, reason: str
) -> None:
    change: dict[str, Any] = {field: value}
    with pytest.raises(DatasetError, match=reason):
        replace(make_dataset(), **change)


def test_one_class_is_refused(make_dataset: MakeDataset) -> None:
    with pytest.raises(DatasetError, match="at least 2 classes, got 1"):
        make_dataset((5,))


def test_class_of_test_images_only_is_refused(make_dataset: MakeDataset) -> None:
    dataset = make_dataset((5, 5))
    with pytest.raises(DatasetError, match="class 'class 1' has no image to train on"):
        replace(dataset, test=(dataset.labels == 1).nonzero().flatten())


def test_official_test_images_are_the_test_part(make_dataset: MakeDataset) -> None:
    splits = make_dataset(test=(50, 7)).split(validation=5, calibration=5, seed=1)
    assert splits.test.tolist() == [7, 50]


def test_test_part_does_not_depend_on_the_seed(make_dataset: MakeDataset) -> None:
    one, two = (make_dataset().split(validation=9, calibration=0, seed=seed) for seed in (1, 2))
    assert torch.equal(one.test, two.test)
    assert not torch.equal(one.validation, two.validation)
    assert len(one.test) == 12  # a fifth of 60


def test_validation_part_does_not_depend_on_the_parts_after_it(make_dataset: MakeDataset) -> None:
    one = make_dataset().split(validation=9, calibration=0, seed=1)
    two = make_dataset().split(validation=9, calibration=8, seed=1, train_limit=20)
    assert torch.equal(one.validation, two.validation)


def test_fraction_counts_images_that_are_not_test_images(make_dataset: MakeDataset) -> None:
    splits = make_dataset().split(validation=0.25, calibration=0, seed=1)
    assert len(splits.validation) == 12  # a quarter of 60 - 12


def test_train_limit_leaves_images_out(make_dataset: MakeDataset) -> None:
    splits = make_dataset().split(validation=6, calibration=6, seed=1, train_limit=10)
    assert len(splits.train) == 10


@pytest.mark.parametrize(
    ("field", "amounts"),
    [
        ("validation", {"validation": 49, "calibration": 0}),
        ("validation", {"validation": 1.0, "calibration": 0}),
        ("validation", {"validation": True, "calibration": 0}),
        ("calibration", {"validation": 40, "calibration": 9}),
        ("calibration", {"validation": 0, "calibration": -1}),
        ("train_limit", {"validation": 0, "calibration": 0, "train_limit": -1}),
        ("test_fraction", {"validation": 0, "calibration": 0, "test_fraction": 0.0}),
    ],
)
def test_impossible_amount_is_refused_by_name(
    make_dataset: MakeDataset, field: str, amounts: dict[str, Any]
) -> None:
    with pytest.raises(InvalidConfig, match=field):
        make_dataset().split(seed=1, **amounts)


def test_class_left_without_training_images_is_refused(make_dataset: MakeDataset) -> None:
    with pytest.raises(DatasetError, match="class 'class 2' has no training image after the split"):
        make_dataset().split(validation=0, calibration=0, seed=1, train_limit=2)
