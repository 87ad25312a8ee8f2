"""Searches with parents, controls and confirmations; results are made up, nothing is trained."""

import json
import random
from dataclasses import replace

import pytest

from search_engine.search.search import Search, SearchState
from search_engine.search.trials import Trial
from search_engine.spec import ChainNetConfig, DenseNetConfig, ImageShape, search_space_of
from search_engine.spec.errors import InvalidConfig
from search_engine.spec.objective import CostKind, CostRule, CostTerm, Objective
from search_engine.spec.search_config import Budget, Confirmation, SearchConfig
from search_engine.spec.trial import Role, TrialResult
from search_engine.strategies import Move

CHAIN = ChainNetConfig(blocks=1, channels=4, groups=1, image=ImageShape(1, 8, 8))
FOUND = Confirmation(finalists=3, seeds=2)


def new_search(**changes: object) -> Search:
    config = SearchConfig(
        strategy="grow",
        skeleton=CHAIN,
        space=search_space_of(CHAIN),
        budget=Budget(max_trials=20),
        confirmation=FOUND,
        seed=3,
    )
    config = replace(config, **changes)  # type: ignore[arg-type]
    return Search(config, classes=10, validation_images=400)


def made_up(search: Search, trial: Trial) -> TrialResult:
    """Larger networks are better, with some luck; one in nine trials fails."""
    luck = random.Random(trial.seed)
    if trial.role is Role.CHILD and luck.random() < 1 / 9:
        return TrialResult(failure="training diverged in epoch 1", epochs=1)
    cost = search.architecture(trial).cost
    worth = cost.parameters / (cost.parameters + 3_000)
    accuracy = 0.7 + 0.2 * worth + luck.uniform(-0.01, 0.01)
    costs = {
        CostKind.PARAMETERS: float(cost.parameters),
        CostKind.MULTIPLY_ADDS: float(cost.multiply_adds),
    }
    return TrialResult(
        accuracy=accuracy,
        curve=(accuracy,),
        epochs=1,
        costs=costs,
        compute=3e3 * cost.multiply_adds,
    )


def through_json(search: Search) -> Search:
    """The search, stopped and restored."""
    state = search.state()
    tensors = {name: tensor.clone() for name, tensor in state.tensors.items()}
    return Search.from_state(SearchState(json.loads(json.dumps(state.values)), tensors))


def run(search: Search, *, in_flight: int = 1, restarts: bool = False, order: int = 0) -> Search:
    """Run to the end. A checkpoint is written when its trial ends, and dropped when not needed:
    whatever is asked for finds its parent's."""
    rng = random.Random(order)
    kept = {0}
    while True:
        while len(search.in_flight) < in_flight and search.ask() is not None:
            pass
        if not search.in_flight:
            return search
        if restarts:
            search = through_json(search)
        assert {trial.parent for trial in search.in_flight.values()} <= kept
        number = rng.choice(sorted(search.in_flight))
        ended = search.tell(number, made_up(search, search.in_flight[number]))
        if ended.is_trained:
            kept.add(number)
        kept &= search.needed() | {0}


def lines(search: Search) -> list[object]:
    return [ended.to_json() for ended in search.ended]


@pytest.mark.parametrize("in_flight", [1, 4])
@pytest.mark.parametrize("order", range(3))
def test_stopped_all_the_time_it_is_the_search_that_never_stopped(
    in_flight: int, order: int
) -> None:
    whole = run(new_search(), in_flight=in_flight, order=order)
    stopped = run(new_search(), in_flight=in_flight, order=order, restarts=True)
    assert lines(whole) == lines(stopped)
    assert len(whole.record.trials(Role.CHILD)) == 20


def test_what_was_asked_for_and_not_told_yet_is_remembered() -> None:
    search = new_search(strategy_settings=(("patience", 1),))
    for _ in range(3):
        assert search.ask() is not None
    restored = through_json(search)
    assert restored.strategy.state().values == search.strategy.state().values
    assert restored.strategy.diagnostics() == search.strategy.diagnostics()
    assert restored.ask() == search.ask()


def test_networks_grow_over_generations_and_keep_their_cell_and_widths() -> None:
    search = run(new_search())
    best = search.best
    assert best is not None
    assert search.record.generation(best.trial) >= 3
    start, grown = search.start.cost, search.architecture(best.trial).cost
    assert grown.parameters > 3 * start.parameters
    assert {ended.trial.proposal.move for ended in search.ended} == set(Move)


def test_controls_rest_for_as_long_as_the_line_of_the_best_is() -> None:
    search = run(new_search())
    controls = search.record.trials(Role.CONTROL)
    assert search.best is not None
    assert len(controls) == search.record.generation(search.best.trial)
    assert [trial.parent for trial in controls] == [0, *(t.number for t in controls[:-1])]
    assert all(not trial.proposal.transformations for trial in controls)


@pytest.mark.parametrize("strategy", ["random", "evolution"])
def test_strategies_without_parents_have_controls_with_several_seeds(strategy: str) -> None:
    search = run(new_search(strategy=strategy, budget=Budget(max_trials=8)), in_flight=3)
    controls = search.record.trials(Role.CONTROL)
    assert len(controls) == 3 and {trial.parent for trial in controls} == {0}
    assert search.strategy.told == 8 + search.skipped
    assert search.record.control is not None
    assert len(search.record.control.accuracies) == 3


def test_the_best_are_confirmed_with_other_seeds_and_the_best_mean_wins() -> None:
    search = run(new_search(), in_flight=2)
    again = search.record.ended_as(Role.CONFIRMATION)
    finalists = search.record.finalists()
    assert len(again) == 2 * len(finalists) == 2 * (3 + 1)
    assert [e.number for e in search.ended[-8:]] == [e.number for e in again]
    winner = search.record.winner
    assert winner is not None and len(winner.accuracies) == 2
    means = {
        one.number: sum(e.reward for e in again if e.trial.repeats == one.number)
        for one in finalists[:3]
    }
    assert winner.finalist.number == max(means, key=lambda number: means[number])
    network = search.record.find(winner.network)
    assert network is not None and network.trial.repeats == winner.finalist.number
    assert network.result.accuracy == max(winner.accuracies)


def test_without_control_and_confirmation_there_are_children_only() -> None:
    search = run(new_search(control=0, confirmation=Confirmation(finalists=0)))
    assert {ended.trial.role for ended in search.ended} == {Role.CHILD}
    assert search.record.control is None
    assert search.record.winner is not None and search.best is not None
    assert search.record.winner.network == search.best.number


def test_compute_is_a_budget() -> None:
    search = run(new_search(budget=Budget(max_trials=500, max_compute=0.0012)))
    children = [e.result.compute for e in search.ended if e.trial.role is not Role.CONFIRMATION]
    assert sum(children) >= 1.2e9 > sum(children[:-2])


def test_it_ends_when_nothing_gets_better() -> None:
    search = new_search(budget=Budget(max_trials=500), strategy_settings=(("patience", 2),))
    while (trial := search.ask()) is not None:
        search.tell(trial.number, replace(made_up(search, trial), accuracy=0.8, failure=None))
    assert search.strategy.has_ended
    assert len(search.record.trials(Role.CHILD)) < 40


def test_no_child_is_above_a_limit() -> None:
    limit = CostTerm(CostKind.PARAMETERS, CostRule.LIMIT, 4_000)
    search = run(new_search(objective=Objective((limit,))))
    assert all(search.architecture(e.trial).cost.parameters <= 4_000 for e in search.ended)


def test_a_network_that_has_grown_grows_further() -> None:
    first = run(new_search())
    assert first.best is not None
    grown = first.architecture(first.best.trial)
    further = new_search(skeleton=grown.skeleton, start_cell=grown.cell)
    assert further.start == grown
    assert run(further).best is not None
    with pytest.raises(InvalidConfig, match="expected grow"):
        new_search(strategy="random", skeleton=grown.skeleton, start_cell=grown.cell)


def test_growing_needs_weights_to_grow_from() -> None:
    with pytest.raises(InvalidConfig, match="children grow from children"):
        new_search(inherit=False)


def test_other_families_grow_too() -> None:
    dense = DenseNetConfig(blocks=1, growth=4, groups=2, image=ImageShape(1, 8, 8))
    search = run(new_search(skeleton=dense, space=search_space_of(dense)))
    assert search.best is not None
