"""A kind of work, and how a row of it is claimed, held, told about and ended.

A row is claimed by a conditional update, with an attempt number and a lease. Whatever comes from
an attempt counts only while its number is the row's, so nothing depends on reaching a worker. Each
function here is one transaction and one event, under the lock of the row's topic.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Any, Final, Generic, TypeVar

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from webapp.counts import counting
from webapp.counts.instruments import LEASES_LOST, WORK_ENDED
from webapp.errors import ProductError
from webapp.live import log
from webapp.live.topics import Topic
from webapp.state import FINAL_STATES, State
from webapp.work import queue
from webapp.work.models import DELAYS, LEASE, MAX_LOST, RESEND_AFTER, Request, Turn, Work

Row = TypeVar("Row", bound=Work)
Then = Callable[[Row], object]
"""What else is to be written in the same transaction."""


class Verb(StrEnum):
    """What can happen to work; an event's kind is `<kind of work>.<verb>`."""

    CREATED = "created"
    STARTED = "started"
    PROGRESS = "progress"
    PAUSE_REQUESTED = "pause_requested"
    PAUSED = "paused"
    RESUMED = "resumed"
    CANCEL_REQUESTED = "cancel_requested"
    CANCELLED = "cancelled"
    COMPLETED = "completed"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


ENDS: Final = (Verb.CANCELLED, Verb.COMPLETED, Verb.FAILED, Verb.INTERRUPTED)
"""After these nobody is at it, for good or until the next worker takes it."""


class Reason(StrEnum):
    """Why a worker gave work back before its end."""

    LOST = "lost"
    BROKEN = "broken"
    STOPPING = "stopping"
    PREEMPTED = "preempted"
    DELAYED = "delayed"


class IllegalTransition(ProductError):
    """A state cannot be left this way. Nothing has been changed."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "conflict")


@dataclass(frozen=True, kw_only=True)
class Kind(Generic[Row]):
    """A kind of work.

    Args:
        name: such as `export`; messages and events carry it.
        label: such as `This export`; the subject of sentences about it.
        queue: the Celery queue its messages go to, `cpu` or `gpu`.
        body: dotted name of the function that does it, `package.module:function`. It gets the row
            and a `runner.Hold`, and only workers import it.
        topic: whose log hears of a row.
        title: what the workers' page calls a row.
        address: of the page that shows a row.
        visible: ids of the rows that a user may see.
        owner: the field, with those on the way to it, that says whose a row is.
        group: likewise, the field that says what a row is part of: groups of a user take turns.
        related: rows that `title` and `address` look at, to be read along.
        pausable: whether it can be paused, and go on from there.
        waits: beyond the row's state, what must hold before a worker may claim it.
    """

    name: str
    label: str
    rows: type[Row]
    queue: str
    body: str
    topic: Callable[[Row], Topic]
    title: Callable[[Row], str]
    address: Callable[[Row], str]
    visible: Callable[[Any], QuerySet[Row]]
    owner: str
    group: str
    related: tuple[str, ...] = ()
    pausable: bool = False
    waits: Q = field(default_factory=Q)

    def about(self, row: Row) -> Mapping[str, Any]:
        """What every event of a row says."""
        return {"id": row.pk}

    def named(self, row: Row) -> dict[str, int]:
        """The names that a row's lines in the log carry, such as `search=7`."""
        topic = self.topic(row)
        return {topic.kind: topic.id, self.name: getattr(row, "number", row.pk)}

    def event(self, row: Row, verb: Verb | str) -> str:
        """The kind of the event that tells of this."""
        return f"{self.name}.{verb}"

    def changed(self, row: Row, verb: Verb) -> None:
        """Called in the transaction of each change, for kinds on whose rows others depend."""

    def lost_for_good(self, row: Row, failure: str) -> None:
        """What becomes of a row whose worker was lost once too often."""
        told = {"failure": failure}
        self._enter(row, Verb.FAILED, told, **_ended(State.FAILED), failure=failure)

    def held_up(self, row: Row, failure: str) -> None:
        """What becomes of a row that has waited in vain for what it needs: it waits for a user."""
        if not self.pausable:
            self.lost_for_good(row, failure)
        else:
            columns = {**_waiting(), "state": State.PAUSED, "failure": failure}
            self._enter(row, Verb.PAUSED, {"failure": failure}, **columns)

    def wait_again(self, row: Row, reason: Reason, failure: str) -> None:
        """It waits with nothing held against it, until what it belongs to lets it go on."""
        told = {"attempt": row.attempt, "reason": reason.value, "failure": failure}
        self._enter(row, Verb.INTERRUPTED, told, **_waiting(), **_AT_EASE)

    def count_end(self, outcome: Verb) -> None:
        """Count an end, once the transaction that writes it has been committed."""
        transaction.on_commit(partial(counting.add, WORK_ENDED, self.name, outcome.value))

    # --- asking ----------------------------------------------------------------------------------

    def add(self, row: Row, told: Mapping[str, Any] | None = None) -> Row:
        """Save a new row, tell of it, and have it done."""
        row.save()
        with log.locked(self.topic(row)):
            self._tell(row, Verb.CREATED, **(told or {}))
            self.send(row.pk)
        return row

    def send(self, pk: int) -> None:
        """Say on commit that a row waits; said twice it is done once."""
        transaction.on_commit(partial(queue.send_work, self.queue, self.name, pk))

    def again(self, row: Row, states: Collection[str], **columns: Any) -> bool:
        """Have it done once more, if it has ended in one of these states."""
        columns |= {**_waiting(), **_UNTRIED, "started_at": None}
        return self._change(row.pk, Q(state__in=states), Verb.CREATED, **columns)

    def pause(self, pk: int) -> None:
        """It stops at its next step, and can go on later.

        Raises:
            IllegalTransition: it cannot be paused, or not in its state.
        """
        self._request(pk, Request.PAUSE, Verb.PAUSE_REQUESTED)

    def cancel(self, pk: int) -> None:
        """It is given up at its next step.

        Raises:
            IllegalTransition: it has ended.
        """
        self._request(pk, Request.CANCEL, Verb.CANCEL_REQUESTED)

    def withdraw(self, pk: int) -> None:
        """Cancel it together with what it belongs to, whoever may ask for it alone."""
        with self._locked(pk) as row:
            if row is not None and not row.is_ended:
                row.requested = Request.CANCEL
                row.save(update_fields=["requested"])
                if not row.is_held:
                    self._settle(row)

    def resume(self, pk: int) -> None:
        """Paused work goes on, failed work is tried again, and a pause may be taken back.

        Raises:
            IllegalTransition: it is none of these.
        """
        if self._change(pk, Q(requested=Request.PAUSE), Verb.RESUMED, requested=Request.NONE):
            return
        idle = Q(state__in=[State.PAUSED, State.FAILED])
        if not self._change(pk, idle, Verb.RESUMED, **_waiting(), **_UNTRIED):
            raise self._illegal(pk, "resumed")

    def may_request(self, row: Row, request: Request) -> bool:
        """Whether it can be asked for now: its state admits it, and nothing as strong was."""
        if request is Request.PAUSE:
            return self.pausable and row.is_active and row.requested == Request.NONE
        return not row.is_ended and row.requested != Request.CANCEL

    def may_resume(self, row: Row) -> bool:
        """Whether `resume` is possible now."""
        idle = row.state in (State.PAUSED, State.FAILED) or row.requested == Request.PAUSE
        return self.pausable and idle

    # --- what a worker does ----------------------------------------------------------------------

    def waiting(self) -> QuerySet[Row]:
        """Rows that a worker may claim now."""
        is_due = Q(not_before__isnull=True) | Q(not_before__lte=timezone.now())
        return self.rows._default_manager.filter(
            self.waits, is_due, state=State.QUEUED, requested=Request.NONE
        )

    def held(self, pk: int, token: int) -> QuerySet[Row]:
        """The row, if this token is current."""
        return self.rows._default_manager.filter(held_with(token), pk=pk)

    def claim(self, pk: int, worker: str) -> int | None:
        """Take a row.

        Returns:
            The attempt, the token that later calls need; None where there is nothing to do.
        """
        now = timezone.now()
        with self._locked(pk) as row:
            if row is None or not self.waiting().filter(pk=pk).exists():
                return None
            row.state, row.attempt, row.worker = State.RUNNING, row.attempt + 1, worker[:200]
            row.started_at, row.lease_until = row.started_at or now, now + LEASE
            row.progress, row.not_before, row.delay = None, None, ""
            row.save()
            self._took_turn(pk, now)
            self._tell(row, Verb.STARTED, worker=row.worker, attempt=row.attempt)
            self.changed(row, Verb.STARTED)
            return row.attempt

    def renew(self, pk: int, token: int) -> bool:
        """Whether the token is current; then it is for a while longer."""
        return self.held(pk, token).update(lease_until=timezone.now() + LEASE) == 1

    def is_given_up(self, pk: int, token: int) -> bool:
        """Whether a worker is to stop: something was asked for, or the token is old."""
        return not self.held(pk, token).filter(requested=Request.NONE).exists()

    def progressed(
        self,
        pk: int,
        token: int,
        progress: Mapping[str, Any],
        event: Mapping[str, Any] | None = None,
        **columns: Any,
    ) -> bool:
        """Write how far it has come; False where the token is no longer current.

        Args:
            progress: kept in the row, for pages that are opened now.
            event: what is told, where that differs; an empty one tells nothing.
            columns: of the row that have changed beside it.
        """
        columns |= {"progress": dict(progress), "lease_until": timezone.now() + LEASE}
        told = progress if event is None else event
        return self._change(pk, held_with(token), Verb.PROGRESS, told, silent=not told, **columns)

    def complete(self, pk: int, token: int, then: Then[Row] | None = None, **found: Any) -> bool:
        """It is done; False where the token is no longer current: then nothing was written."""
        done = _ended(State.COMPLETED)
        return self._change(pk, held_with(token), Verb.COMPLETED, then=then, **done, **found)

    def ask(self, pk: int, token: int, then: Then[Row] | None = None, **found: Any) -> bool:
        """It waits for its user, who is shown what was found.

        Returns:
            False where the token is no longer current, or something was asked for meanwhile.
        """
        free = held_with(token) & Q(requested=Request.NONE)
        paused = {**_waiting(), "state": State.PAUSED}
        return self._change(pk, free, Verb.PAUSED, then=then, **paused, **found)

    def fail(
        self, pk: int, token: int, failure: str, traceback: str = "", code: str = "fault"
    ) -> bool:
        """It cannot be done; the reason says why, and a word for programs what kind of reason."""
        columns = {**_ended(State.FAILED), "failure": failure, "traceback": traceback}
        told = {"failure": failure, "code": code}
        return self._change(pk, held_with(token), Verb.FAILED, told, **columns)

    def give_back(self, pk: int, token: int, reason: Reason) -> bool:
        """The worker is gone, or gives it back: it waits again, or does what was asked for.

        Args:
            reason: after three times `lost` or `broken` it fails.

        Returns:
            False where the token is no longer current, or the lease was renewed after all.
        """
        with self._locked(pk) as row:
            held = self.held(pk, token)
            if reason is Reason.LOST:
                held = held.filter(lease_until__lt=timezone.now())
            at_fault = reason in (Reason.LOST, Reason.BROKEN)
            if row is None or not held.update(
                lease_until=None, workers_lost=F("workers_lost") + int(at_fault)
            ):
                return False
            row.refresh_from_db()
            self._after(row, reason)
        if reason is Reason.LOST:
            counting.add(LEASES_LOST, self.name)
        return True

    def delay(self, pk: int, token: int, why: str, code: str) -> bool:
        """What it needs is not there: it waits a while at no cost, and is tried again.

        Args:
            why: a sentence that says what is missing, and what to do.
            code: the same for programs.

        Returns:
            False where the token is no longer current.
        """
        with self._locked(pk) as row:
            if row is None or not self.held(pk, token).update(lease_until=None):
                return False
            row.refresh_from_db()
            if row.requested:
                self._settle(row)
            elif row.delays >= len(DELAYS):
                self.held_up(row, why)
            else:
                self._delay(row, why, code)
        return True

    def is_completed(self, pk: int, token: int) -> bool:
        """Whether `complete` has been written, by whoever has this token."""
        done = {"state": State.COMPLETED, "attempt": token}
        return self.rows._default_manager.filter(pk=pk, **done).exists()

    def settle(self, pk: int) -> None:
        """Once no worker holds it, do what was asked for. Otherwise nothing."""
        with self._locked(pk) as row:
            if row is not None and row.requested and not row.is_held and not row.is_ended:
                self._settle(row)

    # --- recovery --------------------------------------------------------------------------------

    def recover(self, *, lenient: bool = False) -> None:
        """Give back what a lost worker held, and do what was asked for.

        Args:
            lenient: leases may have run out for another reason than that a worker was lost.
        """
        rows = self.rows._default_manager
        lost = rows.filter(state=State.RUNNING, lease_until__lt=timezone.now())
        for pk, attempt in [] if lenient else lost.values_list("pk", "attempt"):
            self.give_back(pk, attempt, Reason.LOST)
        idle = rows.exclude(requested=Request.NONE).filter(lease_until__isnull=True)
        for pk in idle.exclude(state__in=FINAL_STATES).values_list("pk", flat=True):
            self.settle(pk)

    def unsaid(self, since: timedelta) -> list[int]:
        """Waiting rows whose last message is older than this; it counts as sent again now."""
        now = timezone.now()
        due = self.waiting().filter(sent_at__lte=now - since).order_by("sent_at", "pk")
        found = list(due.values_list("pk", flat=True))
        self.rows._default_manager.filter(pk__in=found).update(sent_at=now)
        return found

    # --- in common -------------------------------------------------------------------------------

    def _request(self, pk: int, request: Request, verb: Verb) -> None:
        with self._locked(pk) as row:
            if row is None or not self.may_request(row, request):
                raise self._illegal(pk, f"{request.value}d" if request == "pause" else "cancelled")
            row.requested = request
            row.save(update_fields=["requested"])
            self._tell(row, verb)
            if not row.is_held:
                self._settle(row)

    def _after(self, row: Row, reason: Reason) -> None:
        """What becomes of a row that no worker holds any more."""
        if row.requested:
            self._settle(row)
        elif row.workers_lost >= MAX_LOST:
            self.lost_for_good(
                row, f"{self.label} lost its worker {MAX_LOST} times. Look at the worker's log."
            )
        else:
            told = {"attempt": row.attempt, "reason": reason.value}
            self._enter(row, Verb.INTERRUPTED, told, **_waiting())

    def _delay(self, row: Row, why: str, code: str) -> None:
        wait = timedelta(seconds=DELAYS[row.delays])
        told = {"attempt": row.attempt, "reason": Reason.DELAYED.value, "failure": why}
        columns: dict[str, Any] = {"delays": row.delays + 1, "delay": why, "delay_code": code}
        # Its message is due then, and not half a minute later.
        due = timezone.now() + wait
        columns |= {"not_before": due, "sent_at": due - RESEND_AFTER}
        self._enter(row, Verb.INTERRUPTED, told, **{**_waiting(), **columns})

    def _settle(self, row: Row) -> None:
        if row.requested == Request.PAUSE:
            self._enter(row, Verb.PAUSED, state=State.PAUSED, requested=Request.NONE)
        else:
            self._enter(row, Verb.CANCELLED, **_ended(State.CANCELLED))

    def _enter(
        self, row: Row, verb: Verb, told: Mapping[str, Any] | None = None, **columns: Any
    ) -> None:
        for name, value in columns.items():
            setattr(row, name, value)
        row.save(update_fields=list(columns))
        self._follow(row, verb, told)

    def _change(
        self,
        pk: int,
        where: Q,
        verb: Verb,
        told: Mapping[str, Any] | None = None,
        *,
        then: Then[Row] | None = None,
        silent: bool = False,
        **columns: Any,
    ) -> bool:
        """Change the row if it is as `where` says, and tell of it."""
        with self._locked(pk) as row:
            rows = self.rows._default_manager.filter(where, pk=pk)
            if row is None or not rows.update(**columns):
                return False
            row.refresh_from_db()
            if then is not None:
                then(row)
            if not silent:
                self._follow(row, verb, told)
        return True

    def _took_turn(self, pk: int, now: datetime) -> None:
        owner, group = self.rows._default_manager.values_list(self.owner, self.group).get(pk=pk)
        Turn.objects.update_or_create(
            queue=self.queue,
            group=group_name(self, group),
            defaults={"owner_id": owner, "taken_at": now},
        )

    def _follow(self, row: Row, verb: Verb, told: Mapping[str, Any] | None) -> None:
        self._tell(row, verb, **(told or {}))
        self.changed(row, verb)
        if row.state == State.QUEUED and verb is not Verb.PROGRESS:
            self.send(row.pk)

    def _tell(self, row: Row, verb: Verb, **more: Any) -> None:
        if verb in ENDS:
            self.count_end(verb)
        log.append(self.topic(row), self.event(row, verb), {**self.about(row), **more})

    @contextmanager
    def _locked(self, pk: int) -> Iterator[Row | None]:
        """The row under its topic's lock; None where it was deleted."""
        row = self.rows._default_manager.filter(pk=pk).first()
        if row is None:
            yield None
            return
        with log.locked(self.topic(row)):
            yield self.rows._default_manager.filter(pk=pk).first()

    def _illegal(self, pk: int, action: str) -> IllegalTransition:
        row = self.rows._default_manager.filter(pk=pk).first()
        state = "gone" if row is None else row.state or "not asked for"
        asked = (
            f", and asked to {row.requested} already" if row is not None and row.requested else ""
        )
        return IllegalTransition(f"{self.label} cannot be {action}: it is {state}{asked}.")


def group_name(kind: Kind[Any], value: object) -> str:
    """Name of the group that a row is part of; rows of other kinds may be part of the same."""
    return f"{kind.name if kind.group == 'pk' else kind.group}:{value}"


def held_with(token: int) -> Q:
    """Rows that a worker holds, if this is its token."""
    return Q(attempt=token, state=State.RUNNING, lease_until__isnull=False)


_AT_EASE: Final[dict[str, Any]] = {
    "workers_lost": 0,
    "delays": 0,
    "delay": "",
    "delay_code": "",
    "not_before": None,
}
_UNTRIED: Final[dict[str, Any]] = {
    "failure": "",
    "traceback": "",
    "ended_at": None,
    **_AT_EASE,
}


def _waiting() -> dict[str, Any]:
    return {
        "state": State.QUEUED,
        "requested": Request.NONE,
        "progress": None,
        "lease_until": None,
        "sent_at": timezone.now(),
    }


def _ended(state: State) -> dict[str, Any]:
    return {
        "state": state,
        "requested": Request.NONE,
        "progress": None,
        "lease_until": None,
        "ended_at": timezone.now(),
    }
