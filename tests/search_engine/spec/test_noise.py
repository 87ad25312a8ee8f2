"""Statistics: against values worked out by hand, by simulation, and what holds for all numbers."""

import math
import random
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_engine.spec.noise import (
    mcnemar,
    paired_interval,
    standard_error,
    with_noise,
)

counts = st.integers(0, 300)


@st.composite
def tables(draw: st.DrawFn) -> tuple[int, int, int]:
    """Improved, worsened and all images."""
    improved, worsened = draw(counts), draw(counts)
    return improved, worsened, improved + worsened + draw(st.integers(1, 1000))


@pytest.mark.parametrize(
    ("accuracy", "images", "error"),
    [
        (0.5, 100, 0.05),  # sqrt(0.25 / 100)
        (0.9, 10_000, 0.003),  # sqrt(0.09 / 10,000)
        (1.0, 300, math.sqrt(1 / 600 * 599 / 600 / 300)),  # as if half an image were wrong
        (0.0, 300, math.sqrt(1 / 600 * 599 / 600 / 300)),
        (0.3, 1, 0.5),
    ],
)
def test_standard_errors_by_hand(accuracy: float, images: int, error: float) -> None:
    assert standard_error(accuracy, images) == pytest.approx(error)


@given(st.floats(0, 1), st.integers(1, 10**6))
def test_a_standard_error_is_never_nought_and_the_same_for_what_is_wrong(
    accuracy: float, images: int
) -> None:
    error = standard_error(accuracy, images)
    assert 0 < error <= 0.5 / math.sqrt(images) + 1e-12
    assert error == pytest.approx(standard_error(1 - accuracy, images), abs=1e-9)


@pytest.mark.parametrize(
    ("accuracy", "images", "text"),
    [
        (0.9667, 300, "96.7 % ± 1.0"),
        (1.0, 300, "100.0 % ± 0.2"),
        (0.90123, 10_000, "90.1 % ± 0.3"),
        (0.9951, 10_000, "99.51 % ± 0.07"),
        (0.9667, None, "96.67 %"),
        (0.9667, 0, "96.67 %"),
    ],
)
def test_an_accuracy_has_as_many_digits_as_its_images_are_worth(
    accuracy: float, images: int | None, text: str
) -> None:
    assert with_noise(accuracy, images) == text


def test_an_interval_by_hand() -> None:
    # 31 / 202 - 11 / 202 = 0.09901 has the variance (42 / 202 - 0.09901^2) / 202 = 0.00098078,
    # hence 0.09901 - and + 1.959964 * 0.0313174 = 0.06138.
    low, high = paired_interval(30, 10, 200)
    assert (low, high) == pytest.approx((0.03763, 0.16039), abs=1e-5)


@given(tables())
def test_an_interval_holds_the_difference_and_turns_with_the_networks(
    table: tuple[int, int, int],
) -> None:
    improved, worsened, images = table
    low, high = paired_interval(improved, worsened, images)
    assert -1 <= low < (improved - worsened) / images < high <= 1
    turned = paired_interval(worsened, improved, images)
    assert turned == pytest.approx((-high, -low))


@given(tables())
def test_more_of_the_same_images_make_an_interval_narrower(table: tuple[int, int, int]) -> None:
    def width(times: int) -> float:
        low, high = paired_interval(*(times * count for count in table))
        return high - low

    assert width(4) < width(1)


@pytest.mark.parametrize(
    ("improves", "worsens", "images"),
    [(0.05, 0.05, 100), (0.08, 0.02, 100), (0.03, 0.01, 400), (0.2, 0.1, 60), (0.01, 0.01, 1000)],
)
def test_an_interval_covers_the_truth_in_95_of_100_samples(
    improves: float, worsens: float, images: int
) -> None:
    rng = random.Random(1)
    covered, samples = 0, 2000
    for _ in range(samples):
        draws = [rng.random() for _ in range(images)]
        improved = sum(draw < improves for draw in draws)
        worsened = sum(improves <= draw < improves + worsens for draw in draws)
        low, high = paired_interval(improved, worsened, images)
        covered += low <= improves - worsens <= high
    assert 0.935 <= covered / samples <= 0.985


@pytest.mark.parametrize(
    ("improved", "worsened", "p"),
    [
        (9, 1, 22 / 1024),  # 2 (1 + 10) / 2^10
        (5, 0, 2 / 32),
        (3, 3, 1.0),
        (0, 0, 1.0),
        (59, 6, 4.965e-12),  # scipy.stats.binomtest(6, 65)
        (10_000, 9_000, 4.194e-13),  # the same of 9,000 and 19,000
    ],
)
def test_mcnemar_by_known_values(improved: int, worsened: int, p: float) -> None:
    assert mcnemar(improved, worsened) == pytest.approx(p, rel=0.001)


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_the_sum_of_the_outcomes_at_least_as_uneven(one: int, other: int) -> None:
    changed = one + other
    uneven = abs(one - other)
    ways = sum(
        math.comb(changed, count)
        for count in range(changed + 1)
        if abs(changed - 2 * count) >= uneven
    )
    assert mcnemar(one, other) == pytest.approx(float(Fraction(ways, 2**changed)))
    assert mcnemar(one, other) == mcnemar(other, one)
