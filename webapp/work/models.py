"""The columns that every kind of work has, whose turn it is, and when recovery last looked.

Only `work.kinds` and `work.recovery` change them.
"""

from datetime import timedelta
from typing import ClassVar, Final

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from webapp.state import FINAL_STATES, State

LEASE: Final = timedelta(seconds=20)
"""How long a worker may be silent. With recovery every 5 s a killed one shows within 30 s."""

RESEND_AFTER: Final = timedelta(seconds=30)
"""A row that still waits this long after its message was sent gets another message."""

MAX_LOST: Final = 3
"""A row whose worker was lost so often is given up: most likely it is what kills them."""

DELAYS: Final = (5, 10, 20, 40, 80)
"""Seconds that work waits where something beside it is at fault, one time after the other."""


class Request(models.TextChoices):
    """What a user has asked of work, until it is done."""

    NONE = "", "Nothing"
    PAUSE = "pause", "Pause"
    CANCEL = "cancel", "Cancel"


class Work(models.Model):
    """What a worker is asked to do.

    While a worker holds the row, `attempt` is its fencing token and `lease_until` is set: whatever
    comes from an attempt counts only while its number is the row's.
    """

    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    requested = models.CharField(max_length=6, choices=Request, blank=True, default=Request.NONE)
    failure = models.TextField(blank=True, default="")
    traceback = models.TextField(blank=True, default="")
    progress = models.JSONField(null=True, blank=True)

    attempt = models.PositiveIntegerField(default=0)
    workers_lost = models.PositiveSmallIntegerField(default=0)
    # What it needs was not there: how often in a row, why, and when it is tried again.
    delays = models.PositiveSmallIntegerField(default=0)
    delay = models.TextField(blank=True, default="")
    delay_code = models.CharField(max_length=20, blank=True, default="")
    not_before = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    worker = models.CharField(max_length=200, blank=True, default="")
    sent_at = models.DateTimeField(default=timezone.now)

    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=State.values), name="%(class)s_state_known"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["state", "lease_until"], name="%(class)s_lease")]

    @property
    def is_active(self) -> bool:
        """Whether a worker is at it, or is to be."""
        return self.state in (State.QUEUED, State.RUNNING)

    @property
    def is_held(self) -> bool:
        """Whether a worker has claimed it and has not given it back."""
        return self.lease_until is not None

    @property
    def is_ended(self) -> bool:
        return self.state in FINAL_STATES


class Turn(models.Model):
    """When something of a group, such as a search, was last taken from a queue, and whose it is."""

    queue = models.CharField(max_length=10)
    group = models.CharField(max_length=60)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    taken_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["queue", "group"], name="turn_once")
        ]
        indexes: ClassVar = [models.Index(fields=["taken_at"], name="turn_taken")]

    def __str__(self) -> str:
        return f"{self.queue}: {self.group}"


class Pulse(models.Model):
    """The one row that recovery writes whenever it looks: a gap says that the database was away."""

    beat_at = models.DateTimeField()
    # While the database was away no lease could be renewed: until then none counts as lost.
    lenient_until = models.DateTimeField()

    def __str__(self) -> str:
        return f"pulse at {self.beat_at}"
