"""Evaluating trials on real digits: splits, results, faults, stopping."""

import random
from dataclasses import replace
from itertools import combinations

import pytest
import torch

from search_engine.data import Dataset, SplitDataset, load_dataset
from search_engine.networks import Network
from search_engine.search.evaluation import Evaluator, train_start_network
from search_engine.search.trials import Trial
from search_engine.spec import (
    DenseNetConfig,
    ImageShape,
    SearchSpace,
    sample,
)
from search_engine.spec.errors import InvalidConfig, OutOfMemory, TrainingStopped
from search_engine.spec.objective import CostKind, CostRule, CostTerm, Objective
from search_engine.spec.recipe import Recipe
from search_engine.spec.search_config import Budget, DataConfig, SearchConfig
from search_engine.spec.start_training import ONE_ROUND
from search_engine.spec.training_events import EpochEnded, Event, StepProgress
from search_engine.spec.trial import TrialResult
from search_engine.strategies import Proposal
from search_engine.training.metrics import evaluate
from tests.devices import DEVICE

pytestmark = pytest.mark.thorough

CONFIG = SearchConfig(
    data=DataConfig(name="digits", validation=200, calibration=64, train_limit=600),
    skeleton=DenseNetConfig(blocks=1, growth=8, groups=2, image=ImageShape(1, 8, 8)),
    start_recipe=Recipe(epochs=8, learning_rate=0.1),
    start_rounds=ONE_ROUND,
    recipe=Recipe(epochs=2, learning_rate=0.05),
    budget=Budget(max_trials=3),
)


def evaluator_of(config: SearchConfig, data: SplitDataset, start: Network) -> Evaluator:
    return Evaluator(config, data, start, device=DEVICE)


@pytest.fixture(scope="module")
def digits() -> Dataset:
    """Scikit-learn's digits."""
    return load_dataset("digits")


@pytest.fixture(scope="module")
def data(digits: Dataset) -> SplitDataset:
    """The digits, divided for `CONFIG`."""
    return SplitDataset(digits, CONFIG.data, seed=CONFIG.seed, device=DEVICE)


@pytest.fixture(scope="module")
def start(data: SplitDataset) -> Network:
    """The trained start network."""
    network, result = train_start_network(CONFIG, data, device=DEVICE)
    assert result.accuracy > 0.7
    return network


def new_trial(seed: int = 0, number: int = 1) -> Trial:
    """A trial of a random cell."""
    growth = sample(SearchSpace(), random.Random(seed))
    return Trial(number, Proposal(growth.transformations), seed=seed)


def test_no_image_serves_twice(data: SplitDataset) -> None:
    splits = data.splits
    parts = [splits.train, splits.calibration, splits.validation, splits.test]
    assert all(len(part) > 0 for part in parts)
    for one, other in combinations(parts, 2):
        assert not set(one.tolist()) & set(other.tolist())


def test_each_use_reads_its_own_images_only(
    data: SplitDataset, start: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    gather = data.images.gather

    def recording(indexes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        read.extend(indexes.tolist())
        return gather(indexes)

    monkeypatch.setattr(data.images, "gather", recording)
    evaluator = evaluator_of(CONFIG, data, start)
    assert set(read) == set(data.splits.calibration.tolist())
    read.clear()
    evaluator.evaluate(new_trial())
    seen = set(read)
    assert seen == set(data.splits.train.tolist()) | set(data.splits.validation.tolist())
    assert not seen & set(data.splits.test.tolist())


def test_a_trial_is_trained_and_measured(data: SplitDataset, start: Network) -> None:
    events: list[object] = []
    evaluated = evaluator_of(CONFIG, data, start).evaluate(new_trial(), listener=events.append)
    result, network = evaluated.result, evaluated.network
    assert result.failure is None and network is not None
    assert result.accuracy == result.curve[-1] > 0.5
    found = evaluate(network, data.validation())
    assert result.balanced_accuracy == found.balanced_accuracy
    assert result.epochs == len(result.curve) == 2
    assert not network.gates() and not network.training
    cost = network.architecture.cost
    assert result.costs[CostKind.PARAMETERS] == cost.parameters
    assert any(isinstance(event, StepProgress) for event in events)
    assert sum(isinstance(event, EpochEnded) for event in events) == 2


def test_the_same_trial_gives_the_same_result(data: SplitDataset, start: Network) -> None:
    before = {name: tensor.clone() for name, tensor in start.state_dict().items()}
    evaluators = [evaluator_of(CONFIG, data, start) for _ in range(2)]
    one, other = (evaluator.evaluate(new_trial(3)) for evaluator in evaluators)
    assert one.result.curve == other.result.curve
    assert one.network is not None and other.network is not None
    states = one.network.state_dict(), other.network.state_dict()
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    assert all(torch.equal(before[name], tensor) for name, tensor in start.state_dict().items())


def test_a_child_may_have_its_parent_for_a_teacher(data: SplitDataset, start: Network) -> None:
    taught = replace(CONFIG, recipe=replace(CONFIG.recipe, teacher_weight=1.0))
    first: list[float] = []
    for config in (CONFIG, taught):
        heard: list[Event] = []
        evaluator_of(config, data, start).evaluate(new_trial(), listener=heard.append)
        first.append(next(event.loss for event in heard if isinstance(event, EpochEnded)))
    # It begins by computing what its parent does: of that, there is less left to learn.
    assert first[1] < first[0]


def test_children_from_scratch_do_not_inherit(data: SplitDataset, start: Network) -> None:
    config = replace(CONFIG, inherit=False, recipe=Recipe(epochs=1, learning_rate=1e-6))
    scratch = evaluator_of(config, data, start).evaluate(new_trial())
    child = evaluator_of(replace(config, inherit=True), data, start).evaluate(new_trial())
    assert scratch.result.accuracy is not None and child.result.accuracy is not None
    assert scratch.result.accuracy < 0.4


def test_a_diverging_child_is_a_failed_trial_with_a_reason(
    data: SplitDataset, start: Network
) -> None:
    config = replace(CONFIG, recipe=Recipe(epochs=2, learning_rate=1e6))
    evaluated = evaluator_of(config, data, start).evaluate(new_trial())
    assert evaluated.network is None
    assert evaluated.result.accuracy is None
    assert evaluated.result.failure is not None and "diverged" in evaluated.result.failure


def test_a_child_that_needs_too_much_memory_is_a_failed_trial(
    data: SplitDataset, start: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> Network:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 3 GiB")

    monkeypatch.setattr("search_engine.search.evaluation.inherit", full)
    evaluated = evaluator_of(CONFIG, data, start).evaluate(new_trial())
    assert isinstance(evaluated.fault, OutOfMemory)
    assert evaluated.result.failure == str(evaluated.fault)
    assert evaluated.fault.reason == "CUDA out of memory. Tried to allocate 3 GiB"


def test_a_bug_is_not_taken_for_the_trials_fault(
    data: SplitDataset, start: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(*_: object) -> Network:
        raise RuntimeError("shape mismatch")

    monkeypatch.setattr("search_engine.search.evaluation.inherit", wrong)
    with pytest.raises(RuntimeError, match="shape mismatch"):
        evaluator_of(CONFIG, data, start).evaluate(new_trial())


def test_early_stopping_ends_a_trial_after_an_epoch(data: SplitDataset, start: Network) -> None:
    evaluated = evaluator_of(CONFIG, data, start).evaluate(
        new_trial(), stops_early=lambda curve: len(curve) == 1
    )
    assert evaluated.result.stopped_early and evaluated.result.epochs == 1
    assert evaluated.result.failure is None and evaluated.network is None


def test_a_trial_can_be_given_up_at_any_step(data: SplitDataset, start: Network) -> None:
    asked = iter([False, False, True])
    with pytest.raises(TrainingStopped):
        evaluator_of(CONFIG, data, start).evaluate(new_trial(), should_stop=lambda: next(asked))


MEASURED = {CostKind.LATENCY_1, CostKind.LATENCY_64, CostKind.MEMORY}


def test_what_counts_is_measured(data: SplitDataset, start: Network) -> None:
    term = CostTerm(CostKind.LATENCY_64, CostRule.TARGET, 1.0)
    config = replace(CONFIG, objective=Objective((term,)))
    costs = evaluator_of(config, data, start).evaluate(new_trial()).result.costs
    assert 0 < costs[CostKind.LATENCY_1] < 10 and 0 < costs[CostKind.LATENCY_64] < 10
    assert costs[CostKind.MEMORY] > 4 * costs[CostKind.PARAMETERS]


@pytest.mark.thorough
def test_measuring_is_asked_for_and_changes_nothing_else(
    data: SplitDataset, start: Network
) -> None:
    plain = evaluator_of(CONFIG, data, start).evaluate(new_trial()).result
    measuring = replace(CONFIG, measure_latency=True)
    measured = evaluator_of(measuring, data, start).evaluate(new_trial()).result
    assert set(measured.costs) - set(plain.costs) == MEASURED
    assert measured.curve == plain.curve
    assert TrialResult.from_json(measured.to_json()) == measured


def test_images_of_another_shape_are_refused(data: SplitDataset) -> None:
    config = replace(CONFIG, skeleton=DenseNetConfig(blocks=1, growth=8))
    with pytest.raises(InvalidConfig, match=r"skeleton\.image.*\(1, 8, 8\)"):
        train_start_network(config, data, device=DEVICE)


def test_a_child_from_scratch_has_the_cell_of_its_transformations(
    data: SplitDataset, start: Network
) -> None:
    growth = sample(SearchSpace(), random.Random(1))
    trial = Trial(1, Proposal(growth.transformations), seed=1)
    config = replace(CONFIG, inherit=False, recipe=Recipe(epochs=1))
    network = evaluator_of(config, data, start).evaluate(trial).network
    assert network is not None and network.architecture.cell == growth.cell
