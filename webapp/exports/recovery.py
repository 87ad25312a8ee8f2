"""Finding builds and measurements that were lost, and saying again what is due."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from webapp.exports import lifecycle
from webapp.exports.claims import Claims
from webapp.state import State
from webapp.task_queue import send

RESEND_AFTER = timedelta(seconds=30)


def recover() -> None:
    """Queue again what a lost worker held, and send again what nobody took."""
    for claims in (lifecycle.EXPORTS, lifecycle.MEASUREMENTS):
        _recover(claims)


def _recover(claims: Claims[Any]) -> None:
    now, rows = timezone.now(), claims.rows.objects
    for row in rows.filter(state=State.RUNNING, lease_until__lt=now):
        claims.interrupted(row.pk, row.attempt, lost=True)
    for row in rows.filter(state=State.QUEUED, sent_at__lte=now - RESEND_AFTER):
        claims.sent(row.pk)
        send(claims.task, row.pk)
