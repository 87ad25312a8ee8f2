"""Rows of start networks. What may become of them is in `lifecycle`; nothing else changes a state.

A start network is read first, which gives its outline. Then its user chooses sites, and it is made
into an ordinary checkpoint, from which searches start. An uploaded checkpoint needs no choice.
"""

from datetime import timedelta
from typing import ClassVar, Final

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from webapp.state import State


class Source(models.TextChoices):
    """Where a network comes from."""

    TORCHVISION = "torchvision", "torchvision"
    PROGRAM = "program", "Exported program"
    CHECKPOINT = "checkpoint", "Espalier checkpoint"


class Step(models.TextChoices):
    """What a worker is asked for; the state is that step's."""

    READ = "read", "Read"
    ADOPT = "adopt", "Make a checkpoint"


class StartNetwork(models.Model):
    """A network that Espalier did not build, on its way to a checkpoint."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="start_networks"
    )
    name = models.CharField(max_length=120)
    source = models.CharField(max_length=11, choices=Source)
    model = models.CharField(max_length=80, blank=True, default="")
    # It says the images' shape and the number of classes; an uploaded checkpoint knows its own.
    dataset = models.ForeignKey(
        "datasets.Dataset", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    files = models.JSONField(default=list, blank=True)

    step = models.CharField(max_length=5, choices=Step, default=Step.READ)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    failure = models.TextField(blank=True, default="")
    attempt = models.PositiveIntegerField(default=0)
    losses = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now)

    outline = models.JSONField(null=True, blank=True)
    sites = models.JSONField(default=list, blank=True)
    checkpoint = models.ForeignKey(
        "checkpoints.Checkpoint",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="start_networks",
    )

    class Meta:
        ordering: ClassVar = ["-created_at", "-pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(source__in=Source.values), name="start_network_source_known"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["owner", "-created_at"], name="start_network_owner_created"),
            models.Index(fields=["state", "lease_until"], name="start_network_state_lease"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("start_network", args=[self.pk])

    @property
    def folder(self) -> str:
        """Where its uploaded files lie in Django's storage."""
        return f"start-networks/{self.pk}"

    @property
    def is_busy(self) -> bool:
        return self.state in (State.QUEUED, State.RUNNING)

    @property
    def can_choose(self) -> bool:
        """It has been read, so sites can be chosen, now or anew."""
        return self.outline is not None and not self.is_busy


LEASE: Final = timedelta(seconds=60)
"""How long a worker may be silent: reading a large network takes seconds."""

MAX_LOSSES: Final = 3
