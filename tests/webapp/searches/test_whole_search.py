"""A real search on digits, from launch to the last trial, its tasks called one after the other."""

import pytest
from django.core.files.storage import default_storage

from search_engine.checkpoint import read_description
from search_engine.search.search import Search as EngineSearch
from search_engine.spec.early_stopping import EarlyStopping, StoppingRule
from search_engine.spec.presets import preset, start_folder
from search_engine.spec.search_config import Budget, SearchConfig
from tests.webapp.searches.conftest import Launch
from tests.webapp.searches.driving import kinds, queued, work
from webapp.accounts.models import User
from webapp.checkpoints.models import Checkpoint
from webapp.datasets.models import Dataset
from webapp.live import log
from webapp.searches import coordinator, services
from webapp.searches.coordinator import engine_state
from webapp.searches.json.columns import summaries_json
from webapp.searches.models import EngineState, Search
from webapp.searches.worker import memory as worker_memory
from webapp.state import State
from webapp.work import runner
from webapp.workers.models import Worker

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]


def test_a_search_runs_from_launch_to_its_last_trial(search: Search) -> None:
    work(search)
    assert search.state == State.COMPLETED
    assert search.trials_completed == 3
    assert search.trials.filter(state=State.COMPLETED, accuracy__gt=0.1).count() == 3
    assert search.best_accuracy == max(t.accuracy or 0 for t in search.trials.all())
    assert kinds(search) == [
        "search.created",
        "start_network.started",
        "search.started",
        "start_network.completed",
        *["trial.created", "trial.started", "trial.completed"] * 3,
        *["comparison.created", "comparison.started", "comparison.completed"],
        "search.completed",
    ]
    (trained,) = log.events(search.topic).filter(kind="start_network.completed")
    assert trained.payload["validation_images"] == search.validation_images == 100


def test_sequences_have_no_gap_and_end_at_the_searchs_last(search: Search) -> None:
    work(search)
    sequences = log.events(search.topic).values_list("sequence", flat=True)
    assert sorted(sequences) == list(range(1, log.last_sequence(search.topic) + 1))


def test_latency_and_memory_are_measured_where_they_are_asked_for(
    launch: Launch, search: Search
) -> None:
    measured = launch(measure_latency=True, budget=Budget(max_trials=1))
    work(measured)
    trial = measured.trials.get()
    assert trial.latency_1 is not None and trial.latency_64 is not None
    assert 0 < trial.latency_1 < trial.latency_64 and (trial.memory or 0) > 0
    columns = summaries_json(measured, measured.owner)["columns"]
    assert (columns["latency_1"] or [0])[0] == pytest.approx(trial.latency_1, abs=1e-6)
    assert columns["memory"] == [trial.memory]
    (told,) = log.events(measured.topic).filter(kind="trial.completed")
    assert told.payload["latency_64"] == trial.latency_64
    kept = {row.origin: row for row in Checkpoint.objects.filter(search=measured)}
    assert kept["trial"].latency_1 == trial.latency_1 and kept["trial"].memory == trial.memory
    assert kept["start"].latency_64 is not None  # measured where it is kept, whatever was asked
    assert kept["trial"].measured_on == kept["start"].measured_on != ""

    work(search, trials=1)
    assert search.trials.get(number=1).latency_1 is None
    assert Checkpoint.objects.get(trial__search=search).measured_on == ""
    assert summaries_json(search, search.owner)["columns"]["latency_1"] is None


def test_the_best_checkpoints_stay_and_the_others_files_go(launch: Launch) -> None:
    search = launch(keep=1)
    work(search)
    (kept,) = Checkpoint.objects.filter(search=search, trial__isnull=False)
    assert kept.trial is not None
    assert kept.trial.number == search.best_trial
    assert default_storage.exists(f"{kept.folder}/weights.safetensors")


def test_a_pinned_trials_checkpoint_stays(launch: Launch) -> None:
    search = launch(keep=1)
    work(search, trials=1)
    services.pin_trial(search.owner, search.pk, 1, pinned=True)
    work(search)
    kept = Checkpoint.objects.filter(search=search, trial__isnull=False)
    assert 1 in kept.values_list("trial__number", flat=True)


def test_a_resumed_search_proposes_what_an_uninterrupted_one_does(launch: Launch) -> None:
    one, other = launch(), launch()
    work(one)
    work(other, trials=1)
    services.pause(other.owner, other.pk)
    services.resume(other.owner, other.pk)
    work(other)
    columns = ("number", "notation", "seed", "accuracy", "reward")
    assert list(one.trials.values_list(*columns)) == list(other.trials.values_list(*columns))


def test_a_restarted_worker_goes_on_exactly(launch: Launch) -> None:
    one, other = launch(), launch()
    work(one)
    for _ in range(3):
        work(other, trials=1)
        engine_state.forget()
        worker_memory.forget()
    work(other)
    columns = ("number", "notation", "seed", "accuracy", "reward", "diagnostics")
    assert list(one.trials.values_list(*columns)) == list(other.trials.values_list(*columns))


def test_a_pin_set_while_the_engine_thinks_is_kept(
    launch: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = launch()
    work(search, trials=0)
    think = coordinator._think

    def pinned_meanwhile(row: Search) -> coordinator.Step:
        step = think(row)
        services.pin_trial(search.owner, search.pk, 1, pinned=True)
        return step

    monkeypatch.setattr(coordinator, "_think", pinned_meanwhile)
    work(search, trials=1)
    assert search.trials.get(number=1).pinned


def test_what_somebody_else_advanced_while_rows_were_read_is_read_again(
    launch: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = launch()
    work(search, trials=0)
    read = engine_state.read

    def overtaken(row: Search) -> tuple[EngineSearch, int]:
        """Trial 1 is in flight here; when its rows are read, trial 2 is, and has an outcome."""
        found = read(row)
        monkeypatch.setattr(engine_state, "read", read)
        work(search, trials=1)
        second = queued(search)
        assert second is not None
        with monkeypatch.context() as elsewhere:
            elsewhere.setattr(coordinator, "advance", lambda _: None)
            runner.run("trial", second.pk, "worker")
        return found

    monkeypatch.setattr(engine_state, "read", overtaken)
    coordinator.advance(search.pk)
    told = search.trials.filter(told__isnull=False).values_list("number", "state")
    assert sorted(told) == [(1, State.COMPLETED), (2, State.COMPLETED)]
    assert queued(search) is not None


def test_several_trials_are_in_flight_where_the_config_says_so(launch: Launch) -> None:
    search = launch(parallel=2)
    work(search, trials=0)
    assert search.trials.filter(state=State.QUEUED).count() == 2


def test_as_many_trials_are_in_flight_as_workers_train(launch: Launch) -> None:
    for number in range(3):
        Worker.objects.create(name=f"gpu{number}@lab", host="lab", device="H200", queues=["gpu"])
    Worker.objects.create(name="cpu@lab", host="lab", device="CPU", queues=["cpu"])
    search = launch()
    work(search, trials=0)
    assert search.trials.filter(state=State.QUEUED).count() == 3


def test_advancing_twice_asks_once(launch: Launch) -> None:
    search = launch()
    work(search, trials=0)
    coordinator.advance(search.pk)
    assert search.trials.count() == 1
    assert EngineState.objects.get(search=search).version >= 1


def test_the_state_does_not_grow_with_ended_trials(launch: Launch) -> None:
    search = launch()
    work(search)
    assert "ended" not in EngineState.objects.get(search=search).values


def test_a_trial_stopped_early_ends_completed_without_a_checkpoint(launch: Launch) -> None:
    rule = EarlyStopping(StoppingRule.MEDIAN, warmup_epochs=1, startup_trials=1)
    search = launch(early_stopping=rule)
    work(search)
    assert search.state == State.COMPLETED


def test_a_start_network_that_comes_with_the_preset_is_not_trained(
    alice: User, clothing: Dataset
) -> None:
    name = "clothing-demo"
    search, _ = services.launch(alice, preset(name), name="Clothes", preset=name)
    work(search, trials=0)
    packed = read_description(start_folder(name))
    kept = search.checkpoints.get(origin="start")
    assert kept.description["weights_sha256"] == packed.weights_sha256
    assert search.start.accuracy == packed.metrics["accuracy"]
    assert "start_network.progress" not in log.events(search.topic).values_list("kind", flat=True)


def test_a_start_checkpoint_is_used_instead_of_training(launch: Launch) -> None:
    first = launch()
    work(first, trials=0)
    start = first.checkpoints.get(origin="start")
    config = SearchConfig.from_json(first.config)
    second, _ = services.launch(first.owner, config, name="Again", start_checkpoint=start)
    work(second, trials=0)
    assert second.start.accuracy == first.start.accuracy
    assert "start_network.progress" not in log.events(second.topic).values_list("kind", flat=True)
