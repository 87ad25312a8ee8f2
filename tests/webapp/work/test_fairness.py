"""Users take turns, then their searches, whatever one of them has queued."""

from collections.abc import Callable
from itertools import pairwise

import pytest
from django.utils import timezone

from webapp.accounts.models import User
from webapp.datasets.models import Dataset
from webapp.searches.lifecycle import TRIAL
from webapp.searches.models import Search, Trial
from webapp.state import State
from webapp.work import fairness, queue, recovery, runner
from webapp.work.models import RESEND_AFTER
from webapp.work.queue import GPU

pytestmark = pytest.mark.django_db

Make = Callable[[str, int], Search]


@pytest.fixture
def waiting(digits: Dataset) -> Make:
    """A search of this user, with so many trials that wait."""

    def made(name: str, trials: int) -> Search:
        owner, _ = User.objects.get_or_create(username=name)
        config = {"parallel": 256}
        search = Search.objects.create(
            owner=owner,
            dataset=digits,
            name=name,
            config=config,
            max_trials=trials,
            state=State.RUNNING,
        )
        for number in range(1, trials + 1):
            TRIAL.add(
                Trial(search=search, number=number, seed=1, proposal={}, notation="", cell={})
            )
        return search

    return made


def taken(workers: int, rounds: int) -> list[list[str]]:
    """Who is served in each trial's time: every worker takes the next, and all end together."""
    found = []
    for _ in range(rounds):
        now = []
        for worker in range(workers):
            one = next(fairness.in_turn(GPU), None)
            if one is not None:
                assert TRIAL.claim(one.pk, f"w{worker}") is not None
                now.append(Trial.objects.get(pk=one.pk).search.owner.username)
        Trial.objects.filter(lease_until__isnull=False).update(
            state=State.COMPLETED, lease_until=None
        )
        found.append(now)
    return found


def test_of_five_users_and_two_workers_nobody_waits_longer_than_two_trials(waiting: Make) -> None:
    waiting("greedy", 40)
    for name in ("bo", "cy", "di", "ed"):
        waiting(name, 4)
    served = taken(workers=2, rounds=10)
    for name in ("greedy", "bo", "cy", "di", "ed"):
        at = [-1, *(index for index, names in enumerate(served) if name in names)]
        assert len(at) == 5
        assert max(after - before - 1 for before, after in pairwise(at)) <= 2


def test_who_comes_late_is_next(waiting: Make) -> None:
    waiting("greedy", 10)
    taken(workers=2, rounds=2)
    waiting("late", 1)
    assert taken(workers=2, rounds=1) == [["late", "greedy"]]


def test_who_has_no_worker_comes_before_who_has_one(waiting: Make) -> None:
    one, other = waiting("one", 3), waiting("other", 1)
    TRIAL.claim(other.trials.get().pk, "w")
    waiting("other", 1)
    # The other was served longer ago, but by a worker that it still has.
    TRIAL.claim(served := one.trials.get(number=1).pk, "v")
    Trial.objects.filter(pk=served).update(state=State.COMPLETED, lease_until=None)
    assert next(waits.owner for waits in fairness.in_turn(GPU)) == one.owner_id


def test_searches_of_one_user_take_turns_and_the_oldest_trial_is_first(waiting: Make) -> None:
    one, other = waiting("alice", 3), waiting("alice", 2)
    order = [Trial.objects.get(pk=waits.pk) for waits in fairness.in_turn(GPU)]
    assert [(trial.search_id, trial.number) for trial in order] == [
        (one.pk, 1),
        (other.pk, 1),
        (one.pk, 2),
        (other.pk, 2),
        (one.pk, 3),
    ]
    assert fairness.ahead_of(GPU, f"search:{other.pk}") == 1
    assert fairness.ahead_of(GPU, "search:0") == 5


def test_a_message_for_one_row_serves_whose_turn_it_is(
    waiting: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, late = waiting("one", 3), waiting("late", 1)
    TRIAL.claim(one.trials.get(number=1).pk, "w")
    done: list[Trial] = []
    monkeypatch.setattr(runner, "import_string", lambda _: lambda row, hold: done.append(row))
    runner.run_next(GPU, "worker")
    assert [trial.search_id for trial in done] == [late.pk]


def test_no_more_is_said_again_than_has_no_message_there(
    waiting: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []
    waiting("one", 10)
    Trial.objects.update(sent_at=timezone.now() - RESEND_AFTER)
    monkeypatch.setattr(queue, "send_work", lambda to, kind, pk: sent.append(pk))
    monkeypatch.setattr(queue, "messages", lambda to: 7)
    recovery.send_again(RESEND_AFTER)
    assert len(sent) == 3
    recovery.send_again(RESEND_AFTER)
    assert len(sent) == 3, "it was said a moment ago"
