"""A real search whose networks grow from one another, beside a control, to a confirmed winner."""

from dataclasses import replace
from typing import Any

import pytest
from django.core.files.storage import default_storage

from search_engine.spec.search_config import Budget, Confirmation
from search_engine.spec.trial import Role
from tests.webapp.searches.conftest import Launch
from tests.webapp.searches.driving import work
from webapp.checkpoints.models import Checkpoint
from webapp.live import log
from webapp.searches import coordinator
from webapp.searches.coordinator import engine_state
from webapp.searches.models import Search, Trial
from webapp.searches.worker import memory as worker_memory
from webapp.state import State
from webapp.work import runner

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]

GROWING: dict[str, Any] = {
    "strategy": "grow",
    "strategy_settings": (("patience", 1.0),),
    "budget": Budget(max_trials=4),
    "control": 1,
    "confirmation": Confirmation(finalists=1, seeds=2),
}


def of(search: Search, role: Role) -> list[Trial]:
    return list(search.trials.filter(role=role).order_by("number"))


def test_the_budget_is_of_children_and_the_winner_is_confirmed_beside_the_control(
    launch: Launch,
) -> None:
    search = launch(**GROWING)
    work(search)
    children, controls = of(search, Role.CHILD), of(search, Role.CONTROL)
    confirmations = of(search, Role.CONFIRMATION)
    assert (search.state, len(children)) == (State.COMPLETED, 4)
    assert search.trials_completed + search.trials_failed == 4
    assert search.others_ended == len(controls) + len(confirmations)
    assert search.best_trial in [child.number for child in children]
    repeated = [trial.repeats for trial in confirmations]
    assert repeated == [search.best_trial] * 2 + [controls[-1].number] * 2
    assert {child.move for child in children} <= {"rest", "path", "widen", "deepen"}
    assert [control.move for control in controls] == ["rest"] * len(controls)
    first = log.events(search.topic).filter(kind="trial.completed").first()
    assert first is not None
    assert {"role", "parent", "move", "repeats"} <= set(first.payload)


def test_what_may_become_a_parent_is_kept_and_a_lost_worker_changes_nothing(
    launch: Launch,
) -> None:
    one, other = (launch(**GROWING, keep=1) for _ in range(2))
    work(one)
    for _ in range(20):
        work(other, trials=1)
        assert_parents_are_kept(other)
        engine_state.forget()  # another worker goes on
        worker_memory.forget()
    columns = ("number", "role", "parent", "move", "seed", "accuracy", "reward", "diagnostics")
    assert list(one.trials.values_list(*columns)) == list(other.trials.values_list(*columns))
    assert any(trial.parent for trial in of(one, Role.CHILD))


def assert_parents_are_kept(search: Search) -> None:
    waiting = search.trials.filter(state=State.QUEUED).exclude(parent=0)
    kept = Checkpoint.objects.filter(search=search, trial__isnull=False)
    assert {trial.parent for trial in waiting} <= set(kept.values_list("trial__number", flat=True))


def test_several_are_in_flight(launch: Launch) -> None:
    search = launch(**GROWING, parallel=2)
    work(search, trials=0)
    assert [trial.role for trial in search.trials.all()] == [Role.CHILD, Role.CONTROL]
    work(search)
    assert search.state == State.COMPLETED


def test_a_trial_whose_parents_network_is_gone_waits_and_says_why(launch: Launch) -> None:
    search = launch(**{**GROWING, "budget": Budget(max_trials=12), "control": 0})
    work(search, trials=0)
    child = grown_from_a_child(search)
    kept = Checkpoint.objects.get(search=search, trial__number=child.parent)
    default_storage.delete(f"{kept.folder}/weights.safetensors")
    worker_memory.forget()
    runner.run("trial", child.pk, "worker")
    coordinator.advance(search.pk)
    child.refresh_from_db()
    assert (child.state, child.workers_lost, child.delay_code) == (State.QUEUED, 0, "files")
    assert f"The files of “Trial {child.parent} of " in child.delay


def grown_from_a_child(search: Search) -> Trial:
    """The first trial in the queue that has a parent."""
    for _ in range(12):
        waiting = search.trials.filter(state=State.QUEUED).exclude(parent=0).first()
        if waiting is not None:
            return waiting
        work(search, trials=1)
    raise AssertionError("nothing grew from a child")


def test_faults_of_controls_and_confirmations_do_not_end_the_search(
    launch: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = launch(
        budget=Budget(max_trials=1), control=3, confirmation=Confirmation(finalists=1, seeds=1)
    )
    work(search, trials=1)

    def broken(trial: Any, **_: Any) -> Any:
        raise ValueError("what nobody foresaw")

    evaluator = worker_memory.warm(search).evaluator
    monkeypatch.setattr(evaluator, "evaluate", broken)
    for _ in range(4):
        with pytest.raises(ValueError, match="nobody foresaw"):
            work(search, trials=1)
    work(search)
    assert search.state == State.COMPLETED
    assert (search.trials_completed, search.trials_failed, search.others_ended) == (1, 0, 4)


def test_a_search_without_controls_is_as_before(launch: Launch) -> None:
    search = launch(budget=replace(Budget(), max_trials=2))
    work(search)
    assert [trial.role for trial in search.trials.all()] == [Role.CHILD, Role.CHILD]
