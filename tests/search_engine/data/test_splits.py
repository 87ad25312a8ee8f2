from collections.abc import Callable

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from search_engine.data import Dataset, Splits
from search_engine.data.splits import draw_stratified, seeded_generator
from search_engine.spec.errors import DatasetError

MakeDataset = Callable[..., Dataset]
CLASS_COUNTS = st.lists(st.integers(8, 40), min_size=2, max_size=6).map(tuple)
FIXTURE_IS_PURE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@FIXTURE_IS_PURE
@given(CLASS_COUNTS, st.floats(0, 0.5), st.integers(0, 3), st.integers(0, 2**40))
def test_parts_are_disjoint_and_cover_all_images(
    make_dataset: MakeDataset, counts: tuple[int, ...], share: float, few: int, seed: int
) -> None:
    dataset = make_dataset(counts, (1, 1, 1))
    splits = dataset.split(validation=share, calibration=few, seed=seed)
    parts = [splits.train, splits.calibration, splits.validation, splits.test]
    assert sorted(torch.cat(parts).tolist()) == list(range(len(dataset)))


@FIXTURE_IS_PURE
@given(CLASS_COUNTS, st.integers(0, 16), st.integers(0, 2**40))
def test_each_class_gets_its_share_to_within_one_image(
    make_dataset: MakeDataset, counts: tuple[int, ...], count: int, seed: int
) -> None:
    labels = make_dataset(counts, (1, 1, 1)).labels
    everything = torch.arange(len(labels))
    drawn, left = draw_stratified(labels, everything, count, torch.Generator().manual_seed(seed))
    assert len(drawn) == count
    assert len(left) == len(labels) - count
    shares = torch.tensor(counts) * count / len(labels)
    assert ((labels[drawn].bincount(minlength=len(counts)) - shares).abs() < 1).all()


def test_same_seed_gives_the_same_parts(make_dataset: MakeDataset) -> None:
    one, two, other = (
        make_dataset().split(validation=9, calibration=5, seed=seed) for seed in (3, 3, 4)
    )
    assert torch.equal(one.train, two.train)
    assert torch.equal(one.calibration, two.calibration)
    assert not torch.equal(one.train, other.train)


def test_share_is_rounded_by_largest_remainder() -> None:
    # 10 of 30 + 20 + 10 images: 5, 3.33 and 1.67 by proportion.
    labels = torch.repeat_interleave(torch.tensor([30, 20, 10]))
    drawn, _ = draw_stratified(labels, torch.arange(60), 10, torch.Generator())
    assert labels[drawn].bincount().tolist() == [5, 3, 2]


@pytest.mark.parametrize("one", range(4))
@pytest.mark.parametrize("other", range(4))
def test_image_with_two_uses_is_refused(one: int, other: int) -> None:
    parts = [[1], [2], [3], [4]]
    parts[one].append(9)
    parts[other].append(9)
    with pytest.raises(DatasetError, match="image 9"):
        Splits(*(torch.tensor(part) for part in parts))


def test_indexes_of_the_wrong_type_are_refused() -> None:
    good = torch.tensor([1])
    with pytest.raises(DatasetError, match=r"splits\.test: expected int64"):
        Splits(good, good + 1, good + 2, torch.tensor([4.0]))


def test_copies_stay_on_one_side() -> None:
    labels = torch.tensor([0] * 40 + [1] * 40)
    groups = torch.arange(80)
    groups[0:6], groups[38:42] = 0, 38  # six copies; four across both classes
    for seed in range(20):
        drawn, rest = draw_stratified(labels, torch.arange(80), 20, seeded_generator(seed), groups)
        assert sorted([*drawn.tolist(), *rest.tolist()]) == list(range(80))
        assert not set(groups[drawn].tolist()) & set(groups[rest].tolist())
        assert all(8 <= count <= 10 for count in torch.bincount(labels[drawn]).tolist())


def test_a_class_of_copies_only_is_divided_all_the_same() -> None:
    labels, groups = torch.tensor([0] * 10 + [1] * 10), torch.arange(20)
    groups[:10] = 0
    drawn, _ = draw_stratified(labels, torch.arange(20), 4, seeded_generator(0), groups)
    assert torch.bincount(labels[drawn]).tolist() == [2, 2]


def test_groups_of_one_change_nothing() -> None:
    labels = torch.arange(30) % 3
    plain = draw_stratified(labels, torch.arange(30), 9, seeded_generator(1))
    grouped = draw_stratified(labels, torch.arange(30), 9, seeded_generator(1), torch.arange(30))
    assert all(torch.equal(one, other) for one, other in zip(plain, grouped, strict=True))
