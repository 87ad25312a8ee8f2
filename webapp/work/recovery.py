"""Finds what was lost, and sends again what is due. Rows are the truth, messages are not."""

import logging
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta

from django.db import Error as DatabaseFault
from django.utils import timezone

from webapp.counts import counting
from webapp.live import log
from webapp.work import fairness, kinds, queue, signs
from webapp.work.kind import Verb
from webapp.work.models import LEASE, RESEND_AFTER, Pulse

FORGET_AFTER = timedelta(minutes=10)
GAP = LEASE * 3 / 4
"""A lease is renewed when a quarter of it is over: a shorter silence lets none run out."""

logger = logging.getLogger(__name__)
_chores: list[Callable[[], None]] = []


def add_chore(chore: Callable[[], None]) -> None:
    """Have something tidied up at each recovery, every few seconds."""
    _chores.append(chore)


def recover(*, at_start: bool = False) -> None:
    """Look after every kind of work. A fault of one kind does not keep the others waiting.

    Args:
        at_start: a worker has just started: all messages may be lost, so all are sent again now.
    """
    signs.alive()
    lenient = _beat()
    for kind in kinds.every():
        _guarded(lambda kind=kind: kind.recover(lenient=lenient))  # type: ignore[misc]
    resend_after = timedelta(0) if at_start else RESEND_AFTER
    for chore in (
        lambda: send_again(resend_after),
        forget_progress,
        fairness.forget_turns,
        counting.forget_processes,
        *_chores,
    ):
        _guarded(chore)
    counting.write()


def send_again(after: timedelta) -> None:
    """Send messages again for rows that have waited long, but no more than the queues lack."""
    due: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for kind in kinds.every():
        due[kind.queue] += [(kind.name, pk) for pk in kind.unsaid(after)]
    for name, found in due.items():
        waiting = sum(kind.waiting().count() for kind in kinds.every() if kind.queue == name)
        for kind_name, pk in found[: max(0, waiting - queue.messages(name))] if found else []:
            queue.send_work(name, kind_name, pk)


def forget_progress() -> None:
    """Delete old events of progress: how far work has come stands in its row."""
    log.forget(Verb.PROGRESS, timezone.now() - FORGET_AFTER)


def _beat() -> bool:
    """Write that recovery has looked; whether workers may have been kept from renewing leases.

    It waits for the database as long as they had to. A database that was away shows as a gap, after
    which each has the time of a lease to say that it is alive.
    """
    now = timezone.now()
    try:
        pulse, is_first = Pulse.objects.get_or_create(
            pk=1, defaults={"beat_at": now, "lenient_until": now}
        )
        Pulse.objects.filter(pk=1).update(beat_at=now)  # waits here, where somebody has locked it
    except DatabaseFault as error:
        logger.warning("recovery could not look: %s", error)
        return True
    now = timezone.now()
    if not is_first and now - pulse.beat_at > GAP:
        pulse.lenient_until = now + LEASE
    Pulse.objects.filter(pk=1).update(beat_at=now, lenient_until=pulse.lenient_until)
    signs.written()
    return now < pulse.lenient_until


def _guarded(step: Callable[[], None]) -> None:
    try:
        step()
    except DatabaseFault:
        logger.exception("recovery could not finish a step; it is tried again in a few seconds")
