"""Does the work of a row: claims and holds it, and decides what errors mean for it. Worker side."""

import errno
import logging
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import copy_context
from importlib import import_module
from typing import Any, Generic

from django.core.exceptions import ObjectDoesNotExist
from django.db import Error as DatabaseFault
from django.db import connection
from django.utils.module_loading import import_string

from search_engine.spec.errors import TrainingBroken, TrainingStopped
from webapp import disk, logs
from webapp.counts import counting
from webapp.storage import local
from webapp.work import causes, fairness, kinds, queue, stopping
from webapp.work.causes import Cause
from webapp.work.kind import Kind, Reason, Row, Then
from webapp.work.models import LEASE
from webapp.work.patience import if_there, patiently

RENEW_SECONDS = LEASE.total_seconds() / 4
LOOK_SECONDS = 0.5
TRIES = 10
CPU_AT_ONCE = 3
"""One thread fewer than the Procfile gives: a search's next step never waits behind uploads."""

logger = logging.getLogger(__name__)


class WorkStopped(Exception):
    """It was given up, or this worker is to stop."""


class WorkRefused(Exception):
    """It cannot be done; the sentence says why, and what to do.

    Args:
        code: for programs: `refused`, or the limit that was reached, `memory` or `time`.
    """

    def __init__(self, sentence: str, code: str = "refused") -> None:
        super().__init__(sentence)
        self.code = code


class Hold(Generic[Row]):
    """A worker's hold on a row; asked at every step whether to stop, it looks twice a second."""

    def __init__(self, kind: Kind[Row], row: Row, token: int) -> None:
        self.kind, self.row, self.token = kind, row, token
        self._began = self._looked = time.monotonic()
        self._told = float("-inf")
        self._given_up = False
        self._preempted = False

    def should_stop(self) -> bool:
        """Whether the work is to be given up now."""
        now = time.monotonic()
        if now - self._looked >= LOOK_SECONDS:
            self._looked = now
            look = lambda: self.kind.is_given_up(self.row.pk, self.token)  # noqa: E731
            self._given_up |= if_there(look, otherwise=False)
        return self._given_up or self._preempted or stopping.requested()

    def make_way(self) -> bool:
        """Give the worker up if the turn was long enough and other work waits; True if so."""
        look = lambda: fairness.turn_is_over(self._began, self.kind, self.row.pk)  # noqa: E731
        self._preempted |= if_there(look, otherwise=False)
        return self._preempted

    def tell(
        self,
        progress: Mapping[str, Any],
        event: Mapping[str, Any] | None = None,
        *,
        every: float = 0.5,
        force: bool = False,
        **columns: Any,
    ) -> bool:
        """Write how far it has come, unless that was just written; whether it was written.

        Args:
            progress: kept in the row.
            event: what is told, where that differs.
            every: seconds between two.
            force: write it even if the last one was a moment ago.
            columns: of the row that have changed beside it.
        """
        now = time.monotonic()
        if not force and now - self._told < every:
            return False
        self._told = now
        tell = lambda: self.kind.progressed(self.row.pk, self.token, progress, event, **columns)  # noqa: E731
        written = if_there(tell, otherwise=None)
        self._given_up |= written is False
        return bool(written)

    def tell_share(self, share: float, note: str) -> None:
        """Write the share that is done, and what comes next."""
        self.tell({"share": share, "note": note}, force=True)

    def complete(self, then: Then[Row] | None = None, **found: Any) -> bool:
        """It is done; False where the token is no longer current: then nothing was written.

        A database that is away is waited for. `then` may be called twice, where the first call came
        to nothing.
        """
        pk, token = self.row.pk, self.token
        return patiently(
            lambda: (
                self.kind.complete(pk, token, then, **found) or self.kind.is_completed(pk, token)
            )
        )

    def ask(self, then: Then[Row] | None = None, **found: Any) -> None:
        """It waits for its user. `then` may be called twice, as that of `complete`.

        Raises:
            WorkStopped: it was given up meanwhile.
        """
        if not patiently(lambda: self.kind.ask(self.row.pk, self.token, then, **found)):
            raise WorkStopped

    def give_back(self, reason: Reason | None = None) -> None:
        """Hand it to the next worker, or to what its user has asked for."""
        why = reason or (Reason.PREEMPTED if self._preempted else Reason.STOPPING)
        patiently(lambda: self.kind.give_back(self.row.pk, self.token, why))

    def fail(self, failure: str, trace: str = "", code: str = "fault") -> None:
        """It cannot be done."""
        told = causes.without_folders(failure)
        patiently(lambda: self.kind.fail(self.row.pk, self.token, told, trace, code))

    def delay(self, why: str, code: str) -> None:
        """What it needs is not there now."""
        logger.warning("%s %d waits: %s", self.kind.name, self.row.pk, why)
        patiently(lambda: self.kind.delay(self.row.pk, self.token, why, code))

    @contextmanager
    def renewed(self) -> Iterator[None]:
        """Renew the lease beside the work, which may be silent for long: loading, validating.

        A thread dies with its process, so a killed worker is noticed.
        """
        ended = threading.Event()
        renew = lambda: self.kind.renew(self.row.pk, self.token)  # noqa: E731
        told = copy_context().run  # its lines are about this row, too
        thread = threading.Thread(target=told, args=(_beat, renew, ended), daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


def _beat(renew: Callable[[], bool], ended: threading.Event) -> None:
    while not ended.wait(RENEW_SECONDS):
        try:
            if not renew():
                break
        except DatabaseFault as error:
            # A database that is restarted comes back; if the lease ran out, the token tells.
            logger.warning("a lease could not be renewed: %s", error)
        finally:
            connection.close()


_places = {queue.CPU: threading.BoundedSemaphore(CPU_AT_ONCE)}


def run_next(name: str, worker: str) -> None:
    """Do what is next in a queue, whichever row a message was sent for."""
    place = _places.get(name)
    if place is not None and not place.acquire(blocking=False):
        return  # it is said again when there may be room
    try:
        for _ in range(TRIES):
            waiting = patiently(lambda: next(fairness.in_turn(name), None))
            if waiting is None or run(waiting.kind.name, waiting.pk, worker):
                return
    finally:
        if place is not None:
            place.release()


def run(kind_name: str, pk: int, worker: str) -> bool:
    """Do a row's work, unless somebody else does; whether it was done here.

    What the engine refuses fails the row with that reason; a bug fails it with its traceback kept,
    and is raised again for the log. What is no fault of the work only delays it.
    """
    kind = kinds.find(kind_name)
    if stopping.requested():  # it takes nothing new: another worker is told
        queue.send_work(kind.queue, kind.name, pk)
        return True
    token = patiently(lambda: kind.claim(pk, worker))
    if token is None:
        return False
    try:
        row = patiently(lambda: kind.rows._default_manager.get(pk=pk))
        with logs.about(**kind.named(row)):
            _attempt(Hold(kind, row, token))
    except ObjectDoesNotExist:
        if kind.rows._default_manager.filter(pk=pk).exists():
            raise
        # It was deleted meanwhile, alone or with what it belongs to.
    return True


def _attempt(hold: Hold[Any]) -> None:
    """The work of a row while it is held, with a line in the log and what was counted meanwhile."""
    began = time.monotonic()
    try:
        with hold.renewed():
            _work(hold.kind, hold)
    finally:
        took = time.monotonic() - began
        logger.info("attempt %d of this %s took %.1f s", hold.token, hold.kind.name, took)
        counting.write()


def _work(kind: Kind[Any], hold: Hold[Any]) -> None:
    body: Callable[[Any, Hold[Any]], None] = import_string(kind.body.replace(":", "."))
    try:
        if disk.is_short():
            local.make_room()
        if disk.is_short():
            raise OSError(errno.ENOSPC, disk.FULL)
        body(hold.row, hold)
    except (WorkStopped, TrainingStopped):
        hold.give_back()
    except TrainingBroken:
        hold.give_back(Reason.BROKEN)
    except WorkRefused as refused:
        hold.fail(str(refused), code=refused.code)
    except ObjectDoesNotExist:
        raise
    except Exception as error:
        _judge(hold, error)


def _judge(hold: Hold[Any], error: Exception) -> None:
    """What becomes of work that has broken off: it depends on whose fault that is."""
    cause = causes.cause_of(error)
    if cause is Cause.BUG:
        # What a database says quotes its statement: that is in the traceback.
        said = "" if isinstance(error, DatabaseFault) else f": {error}"
        reason = f"A fault of Espalier, {type(error).__name__}{said}"
        hold.fail(reason, traceback.format_exc())
        raise error
    why, code = causes.sentence(error, cause), causes.code_of(error, cause)
    if cause is Cause.MEMORY:
        # What this and other work has left there is let go of: trying once more may help.
        _let_go_of_frames(error)
        import_module("webapp.work.device").forget()
    if cause is Cause.OWN or (cause is Cause.MEMORY and hold.row.delay_code == code):
        hold.fail(str(error), code=getattr(error, "code", code))
    elif cause is Cause.DEVICE:
        logger.error("%s %d broke off: %s", hold.kind.name, hold.row.pk, why, exc_info=error)
        hold.give_back(Reason.BROKEN)
        stopping.end_child()
    else:
        hold.delay(why, code)


def _let_go_of_frames(error: BaseException | None) -> None:
    """Those in which it was raised still name the networks and images that filled the memory."""
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__context__
