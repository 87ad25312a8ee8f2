"""What every strategy owes: complete cells, exact resume, tells in any order."""

import json
import random
from collections.abc import Callable
from typing import Any

import pytest
import torch
from safetensors.torch import load, save

from search_engine.spec import Merge, SearchSpace
from search_engine.spec.errors import InvalidConfig
from search_engine.strategies import (
    STRATEGIES,
    Proposal,
    Strategy,
    StrategyState,
    make_strategy,
    restore_strategy,
)
from search_engine.strategies.proposal import growth_of

SPACE = SearchSpace()
SMALL: dict[str, dict[str, Any]] = {
    "reinforce": {"hidden": 8, "embedding": 4, "batch": 4},
    "random": {},
    "evolution": {"population": 6, "tournament": 3},
}


def reward(proposal: Proposal) -> float:
    """A reward that differs from cell to cell."""
    cell = growth_of(SPACE, proposal.transformations).cell
    adds = sum(node.merge is Merge.ADD for _, node in cell.nodes())
    return cell.height + adds / 4 + len(list(cell.branches())) / 16


def through_files(state: StrategyState) -> StrategyState:
    """The state as it comes back from JSON and safetensors."""
    values = json.loads(json.dumps(state.values, allow_nan=False))
    return StrategyState(values, load(save(dict(state.tensors))))


def asked_and_told(strategy: Strategy, count: int) -> list[Proposal]:
    proposals = []
    for _ in range(count):
        proposals.append(strategy.ask())
        strategy.tell(proposals[-1], reward(proposals[-1]))
    return proposals


@pytest.fixture(params=list(SMALL))
def make(request: pytest.FixtureRequest) -> Callable[[int], Strategy]:
    return lambda seed: make_strategy(request.param, SPACE, seed, **SMALL[request.param])


class TestStrategyContract:
    def test_every_proposal_is_a_complete_cell_with_its_lineage(
        self, make: Callable[[int], Strategy]
    ) -> None:
        for proposal in asked_and_told(make(0), 40):
            assert growth_of(SPACE, proposal.transformations).cell in SPACE

    def test_same_seed_and_same_rewards_give_the_same_proposals(
        self, make: Callable[[int], Strategy]
    ) -> None:
        first, second, other = (asked_and_told(make(seed), 30) for seed in (1, 1, 2))
        assert first == second
        assert first != other

    @pytest.mark.parametrize("after", [0, 1, 7, 25])
    def test_resumed_goes_on_as_uninterrupted(
        self, make: Callable[[int], Strategy], after: int
    ) -> None:
        strategy = make(3)
        under_way = [strategy.ask() for _ in range(3)]
        asked_and_told(strategy, after)
        resumed = restore_strategy(SPACE, through_files(strategy.state()))
        for each in (strategy, resumed):
            each.tell(under_way[1], 0.5)
        assert asked_and_told(resumed, 25) == asked_and_told(strategy, 25)
        assert resumed.diagnostics() == strategy.diagnostics()

    def test_a_state_does_not_change_with_its_strategy(
        self, make: Callable[[int], Strategy]
    ) -> None:
        strategy = make(4)
        asked_and_told(strategy, 9)
        state = strategy.state()
        before = through_files(state)
        asked_and_told(strategy, 20)
        assert json.dumps(state.values) == json.dumps(before.values)
        assert all(torch.equal(state.tensors[name], t) for name, t in before.tensors.items())

    def test_tells_may_come_late_in_any_order_or_never(
        self, make: Callable[[int], Strategy]
    ) -> None:
        strategy, rng = make(5), random.Random(0)
        under_way: list[Proposal] = []
        for _ in range(60):
            under_way.append(strategy.ask())
            if len(under_way) > 8:
                late = under_way.pop(rng.randrange(len(under_way)))
                strategy.tell(late, reward(late))
        assert strategy.told == 52
        assert growth_of(SPACE, strategy.ask().transformations).cell in SPACE

    def test_a_proposal_survives_json(self, make: Callable[[int], Strategy]) -> None:
        strategy = make(6)
        asked_and_told(strategy, 10)
        proposal = strategy.ask()
        document = json.loads(json.dumps(proposal.to_json(), allow_nan=False))
        assert Proposal.from_json(document) == proposal

    @pytest.mark.parametrize("wrong", [float("nan"), float("inf"), float("-inf")])
    def test_a_reward_that_is_not_finite_is_refused_and_leaves_no_trace(
        self, make: Callable[[int], Strategy], wrong: float
    ) -> None:
        strategy = make(7)
        before = json.dumps(strategy.state().values)
        with pytest.raises(InvalidConfig, match="reward"):
            strategy.tell(make(7).ask(), wrong)
        assert json.dumps(strategy.state().values) == before

    def test_no_global_generator_is_touched(self, make: Callable[[int], Strategy]) -> None:
        before, state = random.getstate(), torch.random.get_rng_state()
        strategy = make(8)
        asked_and_told(strategy, 12)
        restore_strategy(SPACE, strategy.state())
        assert random.getstate() == before
        assert torch.equal(torch.random.get_rng_state(), state)

    def test_diagnostics_are_numbers_with_the_operations_shares(
        self, make: Callable[[int], Strategy]
    ) -> None:
        strategy = make(9)
        asked_and_told(strategy, 20)
        numbers = strategy.diagnostics()
        json.dumps(numbers, allow_nan=False)
        assert numbers["told"] == 20
        shares = [value for name, value in numbers.items() if name.startswith("share.")]
        assert len(shares) == len(SPACE.operations)
        assert sum(shares) == pytest.approx(1)


@pytest.mark.parametrize("name", ["greedy", ""])
def test_an_unknown_strategy_is_refused(name: str) -> None:
    with pytest.raises(InvalidConfig, match="reinforce, random, evolution"):
        make_strategy(name, SPACE, 0)


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("random", {"population": 3}, "unknown field 'population'"),
        ("evolution", {"population": 2.5}, "whole number"),
        ("evolution", {"population": True}, "whole number"),
        ("evolution", {"population": 5, "tournament": 6}, "expected 1 to 5, got 6"),
        ("reinforce", {"learning_rate": "fast"}, "learning_rate: expected a number"),
        ("reinforce", {"learning_rate": -1}, "a number above 0"),
    ],
)
def test_wrong_settings_are_refused_by_name(
    name: str, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidConfig, match=message):
        make_strategy(name, SPACE, 0, **settings)


def test_a_state_of_another_strategy_is_refused() -> None:
    state = make_strategy("random", SPACE, 0).state()
    with pytest.raises(InvalidConfig, match="expected 'evolution', got 'random'"):
        STRATEGIES["evolution"].from_state(SPACE, state)


@pytest.mark.parametrize("name", list(SMALL))
def test_a_damaged_state_is_refused_by_the_place(name: str) -> None:
    state = make_strategy(name, SPACE, 0, **SMALL[name]).state()
    own = {key: value for key, value in state.values["own"].items() if key != "settings"}
    own.pop("generator", None)
    with pytest.raises(InvalidConfig, match="missing"):
        restore_strategy(SPACE, StrategyState({**state.values, "own": own}, state.tensors))


@pytest.mark.parametrize("damage", ["missing", "short", "no generator"])
def test_damaged_tensors_are_refused_by_name(damage: str) -> None:
    state = make_strategy("reinforce", SPACE, 0, **SMALL["reinforce"]).state()
    tensors = dict(state.tensors)
    name = "generator" if damage == "no generator" else "controller.encoder.edges.weight"
    tensor = tensors.pop(name)
    if damage == "short":
        tensors[name] = tensor[:-1]
    with pytest.raises(InvalidConfig, match=name):
        restore_strategy(SPACE, StrategyState(state.values, tensors))
