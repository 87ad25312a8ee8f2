"""Rewards and costs, by hand."""

import math

import pytest

from search_engine.spec.errors import InvalidConfig
from search_engine.spec.objective import (
    CostKind,
    CostRule,
    CostTerm,
    Objective,
    accuracy_reward,
)

TARGET = CostTerm(CostKind.PARAMETERS, CostRule.TARGET, 1000, weight=0.5)
LIMIT = CostTerm(CostKind.MULTIPLY_ADDS, CostRule.LIMIT, 500)


def test_the_reward_is_the_tangent_of_the_accuracy() -> None:
    # tan(0.5 * pi / 2) = tan(45 degrees) = 1; tan(2/3 * pi / 2) = tan(60 degrees) = sqrt(3)
    assert accuracy_reward(0.5, 100) == pytest.approx(1.0)
    assert accuracy_reward(2 / 3, 100) == pytest.approx(math.sqrt(3))


def test_full_accuracy_counts_as_half_an_image_less() -> None:
    assert accuracy_reward(1.0, 100) == pytest.approx(math.tan(0.995 * math.pi / 2))
    assert accuracy_reward(0.99, 100) < accuracy_reward(1.0, 100) < accuracy_reward(1.0, 1000)


def test_a_target_lowers_the_reward_above_it_only() -> None:
    objective = Objective((TARGET,))
    # Four times the target, weight 0.5: half the reward.
    assert objective.reward(0.5, 10, {CostKind.PARAMETERS: 4000}) == pytest.approx(0.5)
    assert objective.reward(0.5, 10, {CostKind.PARAMETERS: 10}) == pytest.approx(1.0)
    assert objective.reward(0.5, 10, {}) == pytest.approx(1.0)


def test_a_limit_leaves_nothing_above_it() -> None:
    objective = Objective((TARGET, LIMIT))
    assert objective.exceeds({CostKind.MULTIPLY_ADDS: 501}) == LIMIT
    assert objective.exceeds({CostKind.MULTIPLY_ADDS: 500, CostKind.PARAMETERS: 10**9}) is None
    assert objective.reward(0.9, 10, {CostKind.MULTIPLY_ADDS: 501}) == 0.0


@pytest.mark.parametrize("value", [0, -1, math.inf, math.nan])
def test_costs_have_positive_values(value: float) -> None:
    with pytest.raises(InvalidConfig, match=r"objective\.value"):
        CostTerm(CostKind.PARAMETERS, CostRule.LIMIT, value)


def test_an_objective_round_trips_through_json() -> None:
    objective = Objective((TARGET, LIMIT))
    assert Objective.from_json(objective.to_json()) == objective
    with pytest.raises(InvalidConfig, match=r"objective\.0"):
        Objective.from_json([{"cost": "parameters"}])


def test_latency_and_memory_count_like_other_costs() -> None:
    target = CostTerm(CostKind.LATENCY_1, CostRule.TARGET, 0.001, weight=1.0)
    limit = CostTerm(CostKind.MEMORY, CostRule.LIMIT, 2**20)
    objective = Objective((target, limit))
    assert objective.needs_measuring and not Objective((TARGET, LIMIT)).needs_measuring
    # Twice the target, weight 1: half of tan(45 degrees).
    costs = {CostKind.LATENCY_1: 0.002, CostKind.MEMORY: 2.0**20}
    assert objective.reward(0.5, 10, costs) == pytest.approx(0.5)
    assert objective.exceeds(costs | {CostKind.MEMORY: 2.0**20 + 1}) == limit
    assert Objective.from_json(objective.to_json()) == objective


def test_the_old_name_of_the_latency_is_still_read() -> None:
    document = {"cost": "latency_seconds", "rule": "limit", "value": 0.5, "weight": 0.5}
    term = CostTerm(CostKind.LATENCY_1, CostRule.LIMIT, 0.5)
    assert Objective.from_json([document]) == Objective((term,))
    with pytest.raises(InvalidConfig, match=r"objective\.0\.cost.*latency_1, latency_64"):
        Objective.from_json([document | {"cost": "latency"}])
