"""What workers write while somebody watches; runs where Django is set up."""

import time
from typing import Any

from django.contrib.auth import (
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    SESSION_KEY,
    get_user_model,
)
from django.contrib.sessions.backends.db import SessionStore

from webapp.live import log
from webapp.live.topics import Topic
from webapp.searches.events import TrialProgress
from webapp.searches.lifecycle import TRIAL
from webapp.searches.models import Share, Trial
from webapp.state import State

BACKEND = "django.contrib.auth.backends.ModelBackend"


def let_watch(search_id: int, count: int) -> list[str]:
    """So many users with whom the search is shared; the keys of their sessions."""
    users = get_user_model()
    made = users.objects.bulk_create(
        users(username=f"watcher{n}", password="!") for n in range(count)
    )
    Share.objects.bulk_create(Share(search_id=search_id, user=user) for user in made)
    return [_session_of(user) for user in made]


def _session_of(user: Any) -> str:
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = BACKEND
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    assert session.session_key
    return session.session_key


def report(
    search_id: int, per_second: float, seconds: float, per_transaction: int
) -> list[list[float]]:
    """Let the running trials report progress in turn, as steadily as the machine can.

    Returns:
        Of each transaction: sequence of its last event, trial, mark (millionths of an epoch, which
        the page shows as a bar), and the time at which it began, in seconds since 1970.
    """
    trials = list(Trial.objects.filter(search_id=search_id, state=State.RUNNING))
    sequence = log.last_sequence(Topic("search", search_id))
    written: list[list[float]] = []
    begin = time.monotonic()
    for turn in range(int(per_second * seconds / per_transaction)):
        due = begin + turn * per_transaction / per_second
        time.sleep(max(0.0, due - time.monotonic()))
        trial, mark = trials[turn % len(trials)], turn + 1
        began = time.time()
        _write(trial, _progress(trial.number, mark), per_transaction)
        sequence += per_transaction
        written.append([sequence, trial.number, mark, began])
    return written


def _write(trial: Trial, progress: TrialProgress, times: int) -> None:
    """As a worker does it. With several at once it is the hub that is measured, not the writing."""
    if times == 1:
        assert TRIAL.progressed(trial.pk, trial.attempt, progress)
        return
    log.extend(trial.search.topic, [("trial.progress", progress)] * times)


def _progress(number: int, mark: int) -> TrialProgress:
    return {
        "number": number,
        "epoch": 5,
        "epochs": 20,
        "step": mark,
        "steps": 1_000_000,
        "loss": 0.3127,
        "curve": [0.8133, 0.8567, 0.88, 0.8933],
        "images_per_second": 1834.2,
        "eta_seconds": 12.4,
    }


def last_sequence(search_id: int) -> int:
    return log.last_sequence(Topic("search", search_id))
