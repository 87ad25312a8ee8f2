"""Ask, tell and state, with results made up from the cell: no training here."""

import json
import random
from dataclasses import replace

import pytest
import torch

from search_engine.search.search import Search, SearchState
from search_engine.search.trials import Trial, trial_seed
from search_engine.spec import Operation, SearchSpace
from search_engine.spec.early_stopping import EarlyStopping, StoppingRule
from search_engine.spec.errors import InvalidConfig
from search_engine.spec.measures import Measure, measured
from search_engine.spec.objective import CostKind, CostRule, CostTerm, Objective, accuracy_reward
from search_engine.spec.search_config import STRATEGIES, Budget, Confirmation, SearchConfig
from search_engine.spec.trial import TrialResult

TINY = SearchSpace(
    max_depth=2, add_branches=(2,), concat_branches=(), operations=(Operation.MAX_POOL_3X3,)
)

SETTINGS = {"reinforce": (("hidden", 8.0), ("batch", 3.0)), "grow": (("patience", 24.0),)}


def new_search(strategy: str = "random", **changes: object) -> Search:
    """A search with a quick controller."""
    settings = SETTINGS.get(strategy, ())
    config = SearchConfig(
        strategy=strategy,
        strategy_settings=settings,
        control=0,
        confirmation=Confirmation(finalists=0),
        seed=4,
    )
    config = replace(config, **changes)  # type: ignore[arg-type]
    return Search(config, classes=10, validation_images=100)


def made_up(search: Search, trial: Trial) -> TrialResult:
    """A result that depends on the cell; one in five trials fails."""
    value = int(search.architecture(trial).cell.digest[:8], 16)
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
            return [(e.notation, e.reward) for e in search.ended]
        if restarts:
            search = through_json(search)
        number = rng.choice(sorted(search.in_flight))
        search.tell(number, made_up(search, search.in_flight[number]))


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("in_flight", [1, 4])
@pytest.mark.thorough
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
        digests.append(search.architecture(trial).cell.digest)
        search.tell(trial.number, made_up(search, trial))
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
        search.tell(trial.number, made_up(search, trial))
    assert search.strategy.told == in_flight + waiting


def test_a_failed_trial_counts_as_chance() -> None:
    search = new_search()
    trial = search.ask()
    assert trial is not None
    ended = search.tell(trial.number, TrialResult(failure="out of memory: 3 GiB"))
    assert ended.reward == pytest.approx(accuracy_reward(0.1, 100))
    assert ended.to_json()["state"] == "failed"
    assert search.best is None and search.ask() is not None


@pytest.mark.parametrize(
    ("measure", "best"), [(Measure.ACCURACY, 1), (Measure.BALANCED_ACCURACY, 2)]
)
def test_reward_and_best_trial_follow_the_measure(measure: Measure, best: int) -> None:
    search = new_search(measure=measure)
    # The first tells the common class right, the second the rare one, too.
    common = TrialResult(accuracy=0.95, balanced_accuracy=0.5, curve=(0.95,), epochs=1)
    rare = TrialResult(accuracy=0.9, balanced_accuracy=0.9, curve=(0.9,), epochs=1)
    for result in (common, rare):
        trial = search.ask()
        assert trial is not None
        search.tell(trial.number, result)
    assert search.best is not None and search.best.trial.number == best
    judged = 0.95 if measure is Measure.ACCURACY else 0.9
    assert search.best.reward == pytest.approx(accuracy_reward(judged, 100))


def test_a_result_from_before_it_was_measured_is_judged_by_its_accuracy() -> None:
    assert measured(TrialResult(accuracy=0.8), Measure.BALANCED_ACCURACY) == 0.8


def test_cells_above_a_limit_are_not_tried() -> None:
    limit = CostTerm(CostKind.PARAMETERS, CostRule.LIMIT, 95_000)
    search = new_search(objective=Objective((limit,)), budget=Budget(max_trials=10))
    while (trial := search.ask()) is not None:
        cost = search.architecture(trial).cost
        assert cost.parameters <= 95_000
        search.tell(trial.number, made_up(search, trial))
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
        search.tell(trial.number, made_up(search, trial))
    assert all(torch.equal(before.tensors[name], copies[name]) for name in copies)


def test_a_trial_that_is_told_again_counts_once() -> None:
    search, other = new_search("evolution"), new_search("evolution")
    for one in (search, other):
        trial = one.ask()
        assert trial is not None
        one.tell(trial.number, TrialResult(accuracy=0.5, curve=(0.5,), epochs=1))
    ended = search.retell(1, TrialResult(accuracy=0.9, curve=(0.9,), epochs=2))
    assert search.ended == [ended] and ended.reward == search.reward(ended.result)
    assert search.strategy.state().values == other.strategy.state().values
    with pytest.raises(InvalidConfig, match="expected a trial that has ended, got 2"):
        search.retell(2, ended.result)


def test_a_state_without_config_and_ended_trials_goes_on_with_those_it_is_given() -> None:
    search = new_search("evolution")
    while search.ask() is not None and len(search.in_flight) < 5:
        pass
    for number in (2, 1, 4):
        search.tell(number, made_up(search, search.in_flight[number]))
    state = search.state(whole=False)
    assert not {"config", "ended"} & set(state.values)
    ended = [json.loads(json.dumps(trial.to_json())) for trial in search.ended]
    restored = Search.from_state(state, config=search.config, ended=ended)
    assert restored.state().values == search.state().values
