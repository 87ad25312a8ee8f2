"""Rounds of a start network's training: where they end, what they tell, and resuming."""

from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from search_engine.data import SplitDataset
from search_engine.networks import Network
from search_engine.spec.errors import TrainingStopped
from search_engine.spec.final_training import FinalData
from search_engine.spec.recipe import Recipe
from search_engine.spec.start_training import ONE_ROUND, StartResult, StartRounds
from search_engine.spec.training_events import EpochEnded, Event
from search_engine.training.rounds import RoundsTraining, round_seed
from tests.search_engine.training.small import same_weights, start_network
from tests.search_engine.training.small_final import dataset

pytestmark = pytest.mark.thorough

EPOCHS, STEPS = 2, 3
RECIPE = Recipe(epochs=EPOCHS, batch_size=16, learning_rate=0.05, ema_decay=0.5)
RULE = StartRounds(max_rounds=3, plateau_gain=0.0)


def data() -> SplitDataset:
    """46 random images to train on, 10 to validate."""
    return SplitDataset(dataset(), FinalData(name="random", validation=10), seed=0)


def training(
    network: Network,
    rounds: StartRounds = RULE,
    folder: Path | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> RoundsTraining:
    """Of three steps an epoch."""
    return RoundsTraining(
        network, RECIPE, data(), rounds, seed=1, folder=folder, should_stop=should_stop
    )


def trained(
    family: str, rounds: StartRounds = RULE, folder: Path | None = None
) -> tuple[Network, StartResult, list[Event]]:
    """The network, what it has come to, and what was told."""
    network = start_network(family)
    found = training(network, rounds, folder)
    events = list(found.run())
    return network, found.result, events


def accuracies_after_rounds(events: list[Event]) -> list[float | None]:
    """Told after the last epoch of each round."""
    epochs = [event for event in events if isinstance(event, EpochEnded)]
    return [event.validation_accuracy for event in epochs[EPOCHS - 1 :: EPOCHS]]


def test_epochs_and_steps_count_over_all_rounds() -> None:
    _, _, events = trained("densenet")
    epochs = [event for event in events if isinstance(event, EpochEnded)]
    assert len(epochs) >= 2 * EPOCHS
    assert [event.epoch for event in epochs] == list(range(1, len(epochs) + 1))
    steps = [event for event in events if not isinstance(event, EpochEnded)]
    assert [event.step for event in steps] == sorted(event.step for event in steps)
    assert steps[-1].step == steps[-1].steps == len(epochs) * STEPS


def test_each_round_begins_at_the_first_rate_and_sees_another_order() -> None:
    _, _, events = trained("densenet")
    epochs = [event for event in events if isinstance(event, EpochEnded)]
    first, second = epochs[0], epochs[EPOCHS]
    assert first.learning_rate == second.learning_rate > epochs[EPOCHS - 1].learning_rate
    batches = [data().training(RECIPE, seed=round_seed(1, done)) for done in range(2)]
    labels = [[label.tolist() for _, label in batch.epoch(0)] for batch in batches]
    assert labels[0] != labels[1]


def test_one_round_is_one_training_that_says_nothing_of_a_plateau() -> None:
    _, result, events = trained("densenet", ONE_ROUND)
    assert len(accuracies_after_rounds(events)) == 1
    assert result.last_gain is None


def test_the_result_is_the_last_rounds() -> None:
    _, result, events = trained("densenet")
    *before, last = accuracies_after_rounds(events)
    assert result.accuracy == last
    assert last is not None and None not in before
    assert result.last_gain == pytest.approx(last - max(a for a in before if a is not None))


@pytest.mark.parametrize("every", [STEPS + 1, 5, 7])
@pytest.mark.parametrize("family", ["densenet", "condensenet"])
def test_stopped_again_and_again_it_ends_as_if_nothing_had_happened(
    family: str, every: int, tmp_path: Path
) -> None:
    whole, result, _ = trained(family)
    counter = count(1)
    # With one step more than an epoch has, it is stopped after each: between the rounds, too.
    while True:
        network = start_network(family)
        going_on = training(network, RULE, tmp_path, lambda: next(counter) % every == 0)
        try:
            list(going_on.run())
        except TrainingStopped:
            continue
        break
    assert same_weights(network, whole)
    assert going_on.result == result
