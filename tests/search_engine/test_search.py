"""Ask, tell and state, with results made up from the cell: no training here."""

import json
import random
from dataclasses import replace

import pytest
import torch

from search_engine.architecture import Operation, SearchSpace, format_cell
from search_engine.config import STRATEGIES, Budget, SearchConfig
from search_engine.early_stopping import EarlyStopping, StoppingRule
from search_engine.errors import InvalidConfig
from search_engine.objective import CostKind, CostRule, CostTerm, Objective, accuracy_reward
from search_engine.search import Search, SearchState, Trial, trial_seed
from search_engine.trial import TrialResult

TINY = SearchSpace(
    max_depth=2, add_branches=(2,), concat_branches=(), operations=(Operation.MAX_POOL_3X3,)
)


def new_search(strategy: str = "random", **changes: object) -> Search:
    """A search with a quick controller."""
    settings = (("hidden", 8), ("batch", 3)) if strategy == "reinforce" else ()
    config = SearchConfig(strategy=strategy, strategy_settings=settings, seed=4)
    config = replace(config, **changes)  # type: ignore[arg-type]
    return Search(config, classes=10, validation_images=100)


def made_up(trial: Trial) -> TrialResult:
    """A result that depends on the cell; one in five trials fails."""
    value = int(trial.cell.digest[:8], 16)
    if value % 5 == 0:
        return TrialResult(failure="training diverged in epoch 1")
    accuracy = value % 1000 / 1000
    return TrialResult(accuracy=accuracy, curve=(accuracy,), epochs=1)


def through_json(search: Search) -> Search:
    """The search, stopped and restored."""
    state = search.state()
    tensors = {name: tensor.clone() for name, tensor in state.tensors.items()}
    return Search.from_state(SearchState(json.loads(json.dumps(state.values)), tensors))


def run(
    search: Search, *, in_flight: int, restarts: bool, told_seed: int
) -> list[tuple[str, float]]:
    """Run to the end, told in random order; cells and rewards of the ended trials."""
    rng = random.Random(told_seed)
    while True:
        while len(search.in_flight) < in_flight and search.ask() is not None:
            pass
        if not search.in_flight:
            return [(format_cell(e.trial.cell), e.reward) for e in search.ended]
        if restarts:
            search = through_json(search)
        number = rng.choice(sorted(search.in_flight))
        search.tell(number, made_up(search.in_flight[number]))


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("in_flight", [1, 4])
def test_a_search_that_is_stopped_all_the_time_gives_the_same_trials(
    strategy: str, in_flight: int
) -> None:
    budget = Budget(max_trials=24)
    runs = [
        run(
            new_search(strategy, budget=budget), in_flight=in_flight, restarts=restarts, told_seed=9
        )
        for restarts in (False, True)
    ]
    assert len(runs[0]) == 24
    assert runs[0] == runs[1]


def test_another_order_of_tells_or_seed_gives_other_trials() -> None:
    budget = Budget(max_trials=24)
    first, other = (
        run(new_search("reinforce", budget=budget), in_flight=4, restarts=False, told_seed=seed)
        for seed in (1, 2)
    )
    assert first != other
    searches = [new_search(budget=budget), new_search(budget=budget, seed=5)]
    assert searches[0].ask() != searches[1].ask()


def test_trials_are_numbered_from_one_with_seeds_of_their_own() -> None:
    search = new_search()
    trials = [search.ask() for _ in range(5)]
    assert [trial.number for trial in trials if trial] == [1, 2, 3, 4, 5]
    assert len({trial.seed for trial in trials if trial}) == 5
    assert trials[0] is not None and trials[0].seed == trial_seed(4, 1)


def test_known_cells_are_answered_from_the_record() -> None:
    # Root: one branch or add of two; below each a chain or add of max pools: 2 + 2 + 4 + … cells.
    search = new_search(space=TINY)
    digests = []
    while (trial := search.ask()) is not None:
        digests.append(trial.cell.digest)
        search.tell(trial.number, made_up(trial))
    assert len(digests) == len(set(digests)) == TINY.size(canonical=True)
    assert search.exhausted and search.skipped > 1000
    assert search.strategy.told == len(digests) + search.skipped


def test_a_cell_that_is_in_flight_is_told_with_its_twin() -> None:
    search = new_search(space=TINY)
    while search.ask() is not None:
        pass
    waiting, in_flight = search.skipped, len(search.in_flight)
    assert search.strategy.told == 0
    search = through_json(search)
    for trial in list(search.in_flight.values()):
        search.tell(trial.number, made_up(trial))
    assert search.strategy.told == in_flight + waiting


def test_a_failed_trial_counts_as_chance() -> None:
    search = new_search()
    trial = search.ask()
    assert trial is not None
    ended = search.tell(trial.number, TrialResult(failure="out of memory: 3 GiB"))
    assert ended.reward == pytest.approx(accuracy_reward(0.1, 100))
    assert ended.to_json()["state"] == "failed"
    assert search.best is None and search.ask() is not None


def test_cells_above_a_limit_are_not_tried() -> None:
    limit = CostTerm(CostKind.PARAMETERS, CostRule.LIMIT, 95_000)
    search = new_search(objective=Objective((limit,)), budget=Budget(max_trials=10))
    while (trial := search.ask()) is not None:
        cost = search.start.skeleton.cost(trial.cell)
        assert cost.parameters <= 95_000
        search.tell(trial.number, made_up(trial))
    assert search.skipped > 0


@pytest.mark.parametrize(
    ("budget", "trials"),
    [
        (Budget(max_trials=3), 3),
        (Budget(max_trials=9, max_epochs=5), 5),
        (Budget(max_trials=9, max_seconds=4), 4),
    ],
)
def test_the_budget_ends_the_search(budget: Budget, trials: int) -> None:
    search = new_search(budget=budget)
    while (trial := search.ask(elapsed_seconds=len(search.ended))) is not None:
        search.tell(trial.number, TrialResult(accuracy=0.5, epochs=1))
    assert len(search.ended) == trials


def test_the_best_trial_has_the_greatest_reward() -> None:
    search = new_search(budget=Budget(max_trials=4))
    for accuracy in (0.2, 0.7, 0.7, 0.6):
        trial = search.ask()
        assert trial is not None
        search.tell(trial.number, TrialResult(accuracy=accuracy))
    assert search.best is not None and search.best.trial.number == 2


def test_early_stopping_looks_at_the_curves_of_ended_trials() -> None:
    stopping = EarlyStopping(StoppingRule.MEDIAN, startup_trials=2)
    search = new_search(early_stopping=stopping, budget=Budget(max_trials=9))
    for accuracy in (0.5, 0.6):
        trial = search.ask()
        assert trial is not None
        search.tell(trial.number, TrialResult(accuracy=accuracy, curve=(accuracy,)))
    assert search.stops_early(3, (0.4,))
    assert not search.stops_early(3, (0.7,))


def test_a_trial_that_is_not_in_flight_is_not_told() -> None:
    with pytest.raises(InvalidConfig, match="expected a trial in flight, got 7"):
        new_search().tell(7, TrialResult(accuracy=0.5))


def test_unknown_settings_of_a_strategy_are_refused() -> None:
    with pytest.raises(InvalidConfig, match="temperature"):
        new_search(strategy_settings=(("temperature", 1.0),))


def test_later_trials_do_not_reach_a_state_that_was_taken() -> None:
    search = new_search("reinforce", budget=Budget(max_trials=9))
    before = search.state()
    copies = {name: tensor.clone() for name, tensor in before.tensors.items()}
    for _ in range(6):
        trial = search.ask()
        assert trial is not None
        search.tell(trial.number, made_up(trial))
    assert all(torch.equal(before.tensors[name], copies[name]) for name in copies)
