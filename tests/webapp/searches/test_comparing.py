"""A search ends when what it has found has met the test images."""

from dataclasses import replace
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from search_engine.spec.search_config import Budget
from tests.webapp.conftest import browser
from tests.webapp.searches.conftest import Launch
from tests.webapp.searches.driving import compare, kinds, queued, work
from tests.webapp.work.contract import WorkContract
from webapp.checkpoints.models import Checkpoint
from webapp.live import log
from webapp.searches import coordinator, lifecycle, selectors, services
from webapp.searches.json.searches import live_json
from webapp.searches.lifecycle import COMPARISON
from webapp.searches.models import Search, SearchComparison
from webapp.searches.worker import memory as worker_memory
from webapp.state import State
from webapp.work import recovery, runner
from webapp.work.kind import Kind, Reason
from webapp.work.models import DELAYS, Work

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]


@pytest.fixture
def ending(launch: Launch) -> Search:
    """A search of one trial, with one control, that waits to be compared."""
    search = launch(budget=Budget(max_trials=1), control=1)
    work(search, trials=0)
    while (trial := queued(search)) is not None:
        runner.run("trial", trial.pk, "worker")
    search.refresh_from_db()
    return search


class TestComparison(WorkContract):
    @pytest.fixture
    def kind(self) -> Kind[Any]:
        return COMPARISON

    @pytest.fixture
    def row(self, launch: Launch) -> SearchComparison:
        search = launch(budget=Budget(max_trials=1))
        work(search, trials=0)
        search.trials.update(state=State.COMPLETED)
        with lifecycle.locked(search.pk) as locked:
            lifecycle.search_ends(locked)
        return SearchComparison.objects.get(search=search)

    def assert_lost_for_good(self, row: Work, reason: str) -> None:
        """Its search pauses, and it waits."""
        search = SearchComparison.objects.get(pk=row.pk).search
        assert (search.state, row.state, row.workers_lost) == (State.PAUSED, State.QUEUED, 0)
        assert reason in search.failure

    def assert_held_up(self, row: Work, reason: str) -> None:
        self.assert_lost_for_good(row, reason)

    def cancel(self, kind: Kind[Any], row: Work) -> None:
        """It is cancelled with its search."""
        search = SearchComparison.objects.get(pk=row.pk).search
        services.cancel(search.owner, search.pk)


def test_a_search_runs_until_it_was_compared_and_says_what_came_of_it(ending: Search) -> None:
    shown = live_json(selectors.search_to_see(ending.owner, ending.pk), ending.owner)
    assert (shown["search"]["state"], shown["search"]["comparing"]) == ("running", "queued")
    assert shown["comparison"] is None
    compare(ending)
    found = ending.comparison
    assert ending.state == State.COMPLETED and found is not None
    assert found["winner"]["trial"] == 1 and found["control"]["trial"] == 2
    assert found["start"]["images"] == found["winner"]["images"] == 359
    steps = log.events(ending.topic).filter(kind="comparison.progress")
    assert [one.payload["note"] for one in steps] == ["Start network", "Winner", "Control"]
    (told,) = log.events(ending.topic).filter(kind="search.completed")
    assert (told.payload["comparison"], told.payload["comparison_failure"]) == (found, "")
    shown = live_json(selectors.search_to_see(ending.owner, ending.pk), ending.owner)
    assert (shown["search"]["comparing"], shown["comparison"]) == ("completed", found)
    gain = shown["search"]["gain"]
    assert gain is not None and gain["verdict"] in ("better", "worse", "alike")


def test_winner_control_and_start_network_can_be_downloaded(ending: Search) -> None:
    compare(ending)
    numbers = {"winner": 1, "control": 2}
    kept = Checkpoint.objects.filter(search=ending, trial__number__in=numbers.values())
    assert kept.count() == 2
    best = selectors.best_checkpoint(ending)
    assert best is not None and best.trial is not None and best.trial.number == 1
    browsing = browser(ending.owner)
    address = f"/api/v1/searches/{ending.pk}"
    for path in ("download/", "trials/1/download/", "trials/2/download/"):
        assert browsing.get(f"{address}/{path}").status_code == 200


def test_a_comparison_whose_files_are_gone_waits_with_its_search_until_they_are_back(
    ending: Search,
) -> None:
    winner = Checkpoint.objects.get(search=ending, trial__number=1)
    path = f"{winner.folder}/weights.safetensors"
    with default_storage.open(path) as file:
        weights = file.read()
    default_storage.delete(path)
    for _ in range(len(DELAYS) + 1):
        compare(ending)
        SearchComparison.objects.update(not_before=None)
    assert (ending.state, ending.comparison) == (State.PAUSED, None)
    shown = live_json(selectors.search_to_see(ending.owner, ending.pk), ending.owner)["search"]
    assert shown["comparing"] == "queued"
    assert f"The files of “{winner.title}” are gone." in shown["failure"]
    default_storage.save(path, ContentFile(weights))
    services.resume(ending.owner, ending.pk)
    compare(ending)
    assert ending.state == State.COMPLETED and ending.comparison is not None


def test_without_test_images_the_reason_says_so(
    ending: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = worker_memory.warm(ending).data
    monkeypatch.setattr(data, "splits", replace(data.splits, test=data.splits.test[:0]))
    compare(ending)
    assert ending.state == State.COMPLETED
    assert "no test images" in SearchComparison.objects.get(search=ending).failure


def test_a_search_that_found_nothing_ends_at_once(launch: Launch) -> None:
    search = launch(budget=Budget(max_trials=1))
    work(search, trials=0)
    services.stop(search.owner, search.pk)
    search.refresh_from_db()
    assert search.state == State.COMPLETED
    assert not SearchComparison.objects.exists()


def test_a_pause_keeps_it_waiting_and_resuming_goes_on(ending: Search) -> None:
    services.pause(ending.owner, ending.pk)
    compare(ending)
    assert ending.state == State.PAUSED
    services.resume(ending.owner, ending.pk)
    coordinator.advance(ending.pk)
    assert SearchComparison.objects.filter(search=ending).count() == 1
    compare(ending)
    assert ending.state == State.COMPLETED


def test_one_that_runs_ends_before_a_pause_and_so_does_the_search(ending: Search) -> None:
    row = SearchComparison.objects.get(search=ending)
    token = COMPARISON.claim(row.pk, "worker")
    assert token is not None
    services.pause(ending.owner, ending.pk)
    ending.refresh_from_db()
    assert ending.state == State.RUNNING
    COMPARISON.complete(row.pk, token)
    ending.refresh_from_db()
    assert ending.state == State.COMPLETED


def test_a_stopped_search_is_compared_too(launch: Launch) -> None:
    search = launch()
    work(search, trials=1)
    services.pause(search.owner, search.pk)
    services.stop(search.owner, search.pk)
    search.refresh_from_db()
    assert (search.state, search.requested) == (State.RUNNING, "stop")
    compare(search)
    assert search.state == State.COMPLETED and search.comparison is not None
    assert search.trials.get(number=2).state == State.CANCELLED


def test_cancelling_gives_it_up(ending: Search) -> None:
    row = SearchComparison.objects.get(search=ending)
    token = COMPARISON.claim(row.pk, "worker")
    assert token is not None
    services.cancel(ending.owner, ending.pk)
    assert COMPARISON.is_given_up(row.pk, token)
    COMPARISON.give_back(row.pk, token, Reason.STOPPING)
    ending.refresh_from_db()
    row.refresh_from_db()
    assert (ending.state, row.state) == (State.CANCELLED, State.CANCELLED)


def test_a_larger_budget_has_it_compared_anew(ending: Search) -> None:
    compare(ending)
    services.extend_budget(ending.owner, ending.pk, 2)
    ending.refresh_from_db()
    assert (ending.state, ending.comparison) == (State.RUNNING, None)
    work(ending)
    assert ending.state == State.COMPLETED and ending.comparison is not None
    assert kinds(ending).count("comparison.completed") == 2


def test_a_larger_budget_takes_one_that_runs_from_its_worker(ending: Search) -> None:
    row = SearchComparison.objects.get(search=ending)
    token = COMPARISON.claim(row.pk, "worker")
    assert token is not None
    services.extend_budget(ending.owner, ending.pk, 2)
    assert not COMPARISON.complete(row.pk, token)
    work(ending)
    assert ending.state == State.COMPLETED and ending.trials_completed == 2


def test_recovery_leaves_a_search_alone_that_is_being_compared(
    ending: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[Any, ...]] = []
    monkeypatch.setattr("webapp.searches.tasks.send", lambda *arguments: sent.append(arguments))
    recovery.recover()
    assert sent == []


def test_a_comparison_is_as_visible_as_its_search(search: Search, bob: Any, charlie: Any) -> None:
    row = SearchComparison.objects.create(search=search)
    assert list(COMPARISON.visible(search.owner)) == list(COMPARISON.visible(bob)) == [row]
    assert not COMPARISON.visible(charlie).exists()
