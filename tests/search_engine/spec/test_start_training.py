"""When a start network has been trained for long enough, by hand."""

import pytest

from search_engine.spec.errors import InvalidConfig
from search_engine.spec.search_config import SearchConfig
from search_engine.spec.start_training import ONE_ROUND, StartResult, StartRounds, last_gain

RULE = StartRounds(max_rounds=4, plateau_gain=0.01)


@pytest.mark.parametrize(
    ("accuracies", "over"),
    [
        ([], False),
        ([0.8], False),  # nothing says that another round would not pay
        ([0.8, 0.82], False),
        ([0.8, 0.805], True),
        ([0.8, 0.7], True),
        ([0.8, 0.82, 0.81], True),  # it gained over nothing but the best before
        ([0.8, 0.82, 0.84], False),
        ([0.8, 0.82, 0.84, 0.86], True),  # the limit
    ],
)
def test_training_is_over_at_a_plateau_or_the_limit(accuracies: list[float], over: bool) -> None:
    assert RULE.is_over(accuracies) is over


def test_the_last_gain_is_over_the_best_before() -> None:
    assert last_gain([0.8]) is None
    assert last_gain([0.8, 0.9, 0.85]) == pytest.approx(-0.05)


def test_only_a_measured_gain_tells_whether_it_is_saturated() -> None:
    assert RULE.is_saturated(None) is None
    assert RULE.is_saturated(0.009) is True
    assert RULE.is_saturated(0.01) is False


def test_a_config_from_before_there_were_rounds_means_one() -> None:
    document = SearchConfig().to_json()
    assert SearchConfig.from_json(document).start_rounds == StartRounds()
    del document["start_rounds"]
    assert SearchConfig.from_json(document).start_rounds == ONE_ROUND


def test_limits_are_named() -> None:
    with pytest.raises(InvalidConfig, match=r"start_rounds\.max_rounds"):
        SearchConfig.from_json({**SearchConfig().to_json(), "start_rounds": {"max_rounds": 0}})


def test_a_result_round_trips_and_may_be_from_before() -> None:
    result = StartResult(accuracy=0.9, balanced_accuracy=0.8, last_gain=-0.01)
    assert StartResult.from_json(result.to_json()) == result
    assert StartResult.from_json({"accuracy": 0.9}) == StartResult(accuracy=0.9)
