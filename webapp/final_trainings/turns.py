"""Fairness on the GPU queue: a long training gives its worker up after a while if others wait.

A worker takes one message after the other. Without this, a training of a day would hold back all
trials of all searches; with it, they take turns, epoch by epoch.
"""

import time
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from webapp.exports.models import Export
from webapp.final_trainings.models import FinalTraining
from webapp.searches.models import Search, Trial
from webapp.state import State

TURN_SECONDS = 60.0
PATIENCE = timedelta(seconds=5)
"""What has waited so long will not be taken by a worker that is free."""


class Turn:
    """One worker's turn at one final training; asked at the end of each epoch.

    Args:
        training_id: which.
    """

    def __init__(self, training_id: int) -> None:
        self._training_id = training_id
        self._began = time.monotonic()

    def is_over(self) -> bool:
        """Whether it has lasted long enough, and something else waits for a worker."""
        return time.monotonic() - self._began >= TURN_SECONDS and somebody_waits(self._training_id)


def somebody_waits(training_id: int) -> bool:
    """Whether a trial, a start network, an export or another final training waits for a worker."""
    sent_before = Q(sent_at__lt=timezone.now() - PATIENCE)
    waiting = sent_before & Q(requested="")
    trials = Trial.objects.filter(
        sent_before, state=State.QUEUED, search__state=State.RUNNING, search__requested=""
    )
    exports = Export.objects.filter(sent_before, state=State.QUEUED)
    untrained = Search.objects.filter(
        waiting,
        state__in=[State.QUEUED, State.RUNNING],
        start_completed_at__isnull=True,
        start_lease_until__isnull=True,
    )
    others = FinalTraining.objects.filter(waiting, state=State.QUEUED).exclude(pk=training_id)
    return any(rows.exists() for rows in (trials, untrained, exports, others))
