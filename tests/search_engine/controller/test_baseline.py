"""The baseline, by hand."""

import pytest

from search_engine.controller import Baseline


def test_it_moves_five_percent_to_each_new_batch() -> None:
    baseline = Baseline(0.95)
    baseline.add([1.0, 3.0])
    assert baseline.value == pytest.approx(2.0)
    baseline.add([4.0, 4.0])
    # 0.95 x 2 + 0.05 x 4
    assert baseline.value == pytest.approx(2.1)
    baseline.add([0.0])
    assert baseline.value == pytest.approx(1.995)


def test_a_batch_is_compared_with_the_batches_before_it_only() -> None:
    baseline = Baseline(0.95, 2.0)
    assert baseline.advantages([5.0, 1.0]) == pytest.approx([3.0, -1.0])
    assert baseline.value == 2.0


def test_in_the_first_batch_each_is_compared_with_the_others() -> None:
    # 1 - (2 + 6) / 2, 2 - (1 + 6) / 2, 6 - (1 + 2) / 2
    assert Baseline(0.95).advantages([1.0, 2.0, 6.0]) == pytest.approx([-3.0, -1.5, 4.5])


def test_a_first_batch_of_one_has_nothing_to_be_compared_with() -> None:
    assert Baseline(0.95).advantages([3.0]) == [0.0]
