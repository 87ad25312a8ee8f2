"""Which children are stopped, by hand."""

import pytest

from search_engine.spec.early_stopping import EarlyStopping, StoppingRule
from search_engine.spec.errors import InvalidConfig

OTHERS = [(0.1, 0.2, 0.3), (0.3, 0.4, 0.5), (0.5, 0.6, 0.7)]
MEDIAN = EarlyStopping(StoppingRule.MEDIAN, warmup_epochs=2, startup_trials=3)
HALVING = EarlyStopping(StoppingRule.HALVING, warmup_epochs=1, startup_trials=3, reduction=2)


def test_without_a_rule_nothing_is_stopped() -> None:
    assert not EarlyStopping().stops((0.0,) * 9, OTHERS * 9)


def test_the_median_rule_compares_the_best_so_far_with_the_median_of_means() -> None:
    # After 2 epochs the means of the others are 0.15, 0.35, 0.55: the median is 0.35.
    assert MEDIAN.stops((0.2, 0.3), OTHERS)
    assert not MEDIAN.stops((0.2, 0.36), OTHERS)
    assert not MEDIAN.stops((0.36, 0.1), OTHERS)


def test_the_median_rule_waits_for_warm_up_and_trials() -> None:
    assert not MEDIAN.stops((0.0,), OTHERS)
    assert not MEDIAN.stops((0.0, 0.0), OTHERS[:2])


def test_halving_lets_the_better_half_past_a_rung() -> None:
    # 3 others and this one at epoch 1: (3 + 1) // 2 = 2 go on.
    assert not HALVING.stops((0.4,), OTHERS)
    assert HALVING.stops((0.2,), OTHERS)
    # Rungs lie at 1, 2, 4, …: epoch 3 is none.
    assert not HALVING.stops((0.2, 0.2, 0.2), OTHERS)


def test_settings_round_trip_and_have_limits() -> None:
    assert EarlyStopping.from_json(HALVING.to_json()) == HALVING
    with pytest.raises(InvalidConfig, match="reduction"):
        EarlyStopping(reduction=1)
