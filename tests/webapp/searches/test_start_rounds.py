"""A start network is trained in rounds; whether it is saturated is told wherever it is shown."""

import pytest

from search_engine.spec.measures import Measure
from search_engine.spec.recipe import Recipe
from search_engine.spec.start_training import StartRounds
from search_engine.spec.training_events import EpochEnded, Event
from tests.webapp.searches.conftest import Launch
from tests.webapp.searches.driving import work
from webapp.live import log
from webapp.searches.json import columns, searches
from webapp.searches.models import Search
from webapp.state import State
from webapp.trainings import worker as trainer
from webapp.trainings.json import detail_json
from webapp.work import runner, stopping

pytestmark = pytest.mark.django_db

EPOCHS = 2
RECIPE = Recipe(epochs=EPOCHS, learning_rate=0.1)
LEARNING = StartRounds(max_rounds=2, plateau_gain=0.0)
SATURATED = StartRounds(max_rounds=9, plateau_gain=0.9)


def accuracies(search: Search) -> list[float | None]:
    """After each epoch of the start network's training."""
    search.start.refresh_from_db()
    return [epoch["accuracy"] for epoch in search.start.history]


@pytest.mark.parametrize(("rounds", "saturated"), [(LEARNING, False), (SATURATED, True)])
def test_the_search_says_whether_its_start_network_is_saturated(
    launch: Launch, rounds: StartRounds, saturated: bool
) -> None:
    search = launch(start_recipe=RECIPE, start_rounds=rounds)
    work(search, trials=0)
    found = searches.search_json(search, search.owner, running=0, kept=False)
    assert found["start_saturated"] is saturated
    before, after = accuracies(search)[EPOCHS - 1 :: EPOCHS]
    assert before is not None and after is not None
    assert found["start_last_gain"] == pytest.approx(after - before)
    (told,) = log.events(search.topic).filter(kind="start_network.completed")
    assert told.payload["saturated"] is saturated
    assert told.payload["last_gain"] == found["start_last_gain"]


def test_the_page_of_its_training_counts_the_epochs_of_all_rounds(launch: Launch) -> None:
    search = launch(start_recipe=RECIPE, start_rounds=SATURATED)
    waiting = detail_json(search.start, search.owner)
    assert (waiting["epochs"], waiting["max_rounds"], waiting["saturated"]) == (EPOCHS, 9, None)
    work(search, trials=0)
    ended = detail_json(search.start, search.owner)
    assert ended["epochs"] == ended["epochs_done"] == len(ended["history"]) == 2 * EPOCHS
    assert ended["saturated"] is True


def test_interrupted_between_rounds_it_goes_on_as_if_nothing_had_happened(
    launch: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed, search = (
        launch(start_recipe=RECIPE, start_rounds=LEARNING),
        launch(start_recipe=RECIPE, start_rounds=LEARNING),
    )
    work(undisturbed, trials=0)
    tell = trainer.Progress.__call__
    stops_after = [EPOCHS, EPOCHS + 1]

    def then_stop(self: trainer.Progress, event: Event) -> None:
        tell(self, event)
        if isinstance(event, EpochEnded) and event.epoch == stops_after[0]:
            patch.setattr(stopping, "requested", lambda: True)

    while stops_after:
        with monkeypatch.context() as patch:
            patch.setattr(trainer.Progress, "__call__", then_stop)
            runner.run("training", search.start.pk, "worker")
        assert search.start.state == State.QUEUED
        assert len(search.start.history) == stops_after.pop(0)
    work(search, trials=0)
    assert accuracies(search) == accuracies(undisturbed)
    assert search.start.last_gain == undisturbed.start.last_gain


def test_a_search_from_before_there_were_rounds_says_nothing(launch: Launch) -> None:
    search = launch()
    del search.config["start_rounds"]
    search.save()
    work(search, trials=0)
    found = searches.search_json(search, search.owner, running=0, kept=False)
    assert found["start_accuracy"] is not None
    assert (found["start_saturated"], found["start_last_gain"]) == (None, None)


@pytest.mark.thorough
def test_balanced_accuracy_is_a_column_and_what_the_best_is_by(launch: Launch) -> None:
    search = launch(measure=Measure.BALANCED_ACCURACY)
    work(search)
    trials = {trial.number: trial for trial in search.trials.all()}
    balanced = {number: trial.balanced_accuracy or 0.0 for number, trial in trials.items()}
    assert search.best_trial == max(balanced, key=lambda number: (balanced[number], -number))
    shown = columns.summaries_json(search, search.owner)["columns"]["balanced_accuracy"]
    assert shown == [round(balanced[number], 6) for number in sorted(balanced)]
    # By hand from the confusion matrix: rows are the classes, ten images of most.
    confusion = trials[1].confusion
    assert confusion is not None
    recalls = [row[index] / sum(row) for index, row in enumerate(confusion) if sum(row)]
    assert balanced[1] == pytest.approx(sum(recalls) / len(recalls))
