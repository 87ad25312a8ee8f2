"""How what a worker is asked to do with a checkpoint is claimed, held, given back and ended.

The same for exports and measurements. A row is claimed by a conditional update, with an attempt
number and a lease. Whatever comes from an attempt counts only while its number is the row's, so
that cancelling need not reach the worker. Only `lifecycle` makes one of these, and changes states
through it.
"""

from collections.abc import Collection
from typing import Any, Generic, TypeVar

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from webapp.exports.models import LEASE, MAX_LOSSES, Export, Measurement
from webapp.state import State
from webapp.task_queue import TaskName, send_on_commit

Row = TypeVar("Row", Export, Measurement)


class Claims(Generic[Row]):
    """Of one kind of rows.

    Args:
        rows: their model.
        task: what a worker is told.
        lost: why one fails whose worker was lost too often.
    """

    def __init__(self, rows: type[Row], task: TaskName, *, lost: str) -> None:
        self.rows: type[Row] = rows
        self.task, self._lost = task, lost

    def ask(self, row: Row, *, again: Collection[State], is_new: bool, **asked: Any) -> None:
        """Have it done, unless it is under way, or has ended in a state that stays.

        Args:
            row: there already; read again where it was changed.
            again: states from which it is done once more.
            is_new: the row was made for this.
            asked: columns that say how it is to be done.
        """
        now = timezone.now()
        if not is_new:
            idle = self.rows.objects.filter(pk=row.pk, state__in=again)
            fresh = {"state": State.QUEUED, "failure": "", "traceback": "", "losses": 0}
            ends = {"lease_until": None, "started_at": None, "ended_at": None}
            is_new = bool(idle.update(sent_at=now, created_at=now, **fresh, **ends, **asked))
            row.refresh_from_db()
        if is_new:
            send_on_commit(self.task, row.pk)

    @transaction.atomic
    def claimed(self, pk: int, worker: str) -> int | None:
        """Take one.

        Returns:
            The attempt, the token that later calls need; None where there is nothing to do.
        """
        # The update comes first, so that the row is ours before it is read.
        claimed = self.rows.objects.filter(pk=pk, state=State.QUEUED).update(
            state=State.RUNNING,
            attempt=F("attempt") + 1,
            worker=worker[:200],
            started_at=timezone.now(),
            lease_until=timezone.now() + LEASE,
        )
        return self.rows.objects.get(pk=pk).attempt if claimed else None

    def lease_renewed(self, pk: int, token: int) -> bool:
        """Whether the token is current; then it is for a while longer."""
        return self._held(pk, token).update(lease_until=timezone.now() + LEASE) == 1

    def is_current(self, pk: int, token: int) -> bool:
        """Whether a result under this token would count."""
        return self._held(pk, token).exists()

    def completed(self, pk: int, token: int, **found: Any) -> bool:
        """Done; False where the token is no longer current."""
        return self._end(self._held(pk, token), State.COMPLETED, **found)

    def failed(self, pk: int, token: int, failure: str, traceback: str = "") -> bool:
        """It cannot be done; the reason says why."""
        return self._end(self._held(pk, token), State.FAILED, failure=failure, traceback=traceback)

    @transaction.atomic
    def interrupted(self, pk: int, token: int, *, lost: bool) -> bool:
        """The worker is gone or was asked to stop: it waits again.

        Args:
            pk: of the row.
            token: of the worker.
            lost: its lease ran out; after three times it fails.
        """
        held = self._held(pk, token)
        if lost:
            held = held.filter(lease_until__lt=timezone.now())
            given_up = held.filter(losses__gte=MAX_LOSSES - 1)
            if self._end(given_up, State.FAILED, failure=self._lost):
                return True
        again = held.update(
            state=State.QUEUED,
            losses=F("losses") + int(lost),
            lease_until=None,
            started_at=None,
            sent_at=timezone.now(),
        )
        if again:
            send_on_commit(self.task, pk)
        return bool(again)

    def cancelled(self, pk: int) -> bool:
        """Given up at once: what a worker still makes of it counts for nothing. Or it has ended."""
        active = [State.QUEUED, State.RUNNING]
        return self._end(self.rows.objects.filter(pk=pk, state__in=active), State.CANCELLED)

    def sent(self, pk: int) -> None:
        """Its message was sent again."""
        self.rows.objects.filter(pk=pk, state=State.QUEUED).update(sent_at=timezone.now())

    def _end(self, rows: "QuerySet[Row]", state: State, **found: Any) -> bool:
        now = timezone.now()
        return bool(rows.update(state=state, ended_at=now, lease_until=None, **found))

    def _held(self, pk: int, token: int) -> "QuerySet[Row]":
        return self.rows.objects.filter(pk=pk, attempt=token, state=State.RUNNING)
