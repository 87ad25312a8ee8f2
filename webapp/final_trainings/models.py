"""Rows of final trainings. What may become of them is in `lifecycle`, and nowhere else."""

from datetime import timedelta
from typing import ClassVar, Final

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from webapp.state import FINAL_STATES, State

LEASE: Final = timedelta(seconds=20)
"""How long a worker may be silent. With recovery every 5 s a killed one shows within 30 s."""

MAX_LOSSES: Final = 3


class Request(models.TextChoices):
    """What a user has asked of a final training, until it is done."""

    NONE = "", "Nothing"
    PAUSE = "pause", "Pause"
    CANCEL = "cancel", "Cancel"


class FinalTraining(models.Model):
    """A cell in a network of any size, trained to the end; it belongs to a search.

    Without a trial it trains the search's start cell, for others to be compared with. While a
    worker holds it, `attempt` is the fencing token and `lease_until` is set.
    """

    search = models.ForeignKey(
        "searches.Search", on_delete=models.CASCADE, related_name="final_trainings"
    )
    trial = models.ForeignKey(
        "searches.Trial",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="final_trainings",
    )
    compared_with = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="compared_by"
    )
    name = models.CharField(max_length=120)
    config = models.JSONField()
    idempotency_key = models.CharField(  # noqa: DJ001 - null where none was given
        max_length=200, null=True, blank=True
    )

    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    requested = models.CharField(max_length=6, choices=Request, blank=True, default=Request.NONE)
    failure = models.TextField(blank=True, default="")
    traceback = models.TextField(blank=True, default="")

    attempt = models.PositiveIntegerField(default=0)
    losses = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    worker = models.CharField(max_length=200, blank=True, default="")
    sent_at = models.DateTimeField(default=timezone.now)

    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    running_since = models.DateTimeField(null=True, blank=True)
    seconds_before = models.FloatField(default=0.0)

    epochs = models.PositiveIntegerField()
    progress = models.JSONField(null=True, blank=True)
    history = models.JSONField(default=list, blank=True)
    parameters = models.BigIntegerField()
    multiply_adds = models.BigIntegerField()

    accuracy = models.FloatField(null=True, blank=True)
    test_accuracy = models.FloatField(null=True, blank=True)
    test_images = models.PositiveIntegerField(null=True, blank=True)
    confusion = models.JSONField(null=True, blank=True)
    checkpoint = models.OneToOneField(
        "checkpoints.Checkpoint",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="final_training",
    )

    class Meta:
        ordering: ClassVar = ["-created_at", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["search", "idempotency_key"],
                condition=Q(idempotency_key__isnull=False),
                name="final_training_launched_once",
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["search", "-created_at"], name="final_search_created"),
            models.Index(fields=["state", "lease_until"], name="final_state_lease"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("final_training", args=[self.pk])

    @property
    def elapsed_seconds(self) -> float:
        """Time in which a worker trained it; waiting and pauses left out."""
        if self.running_since is None:
            return self.seconds_before
        return self.seconds_before + (timezone.now() - self.running_since).total_seconds()

    @property
    def is_ended(self) -> bool:
        return State(self.state) in FINAL_STATES

    @property
    def is_held(self) -> bool:
        """Whether a worker has claimed it and has not given it back."""
        return self.lease_until is not None

    @property
    def is_of_start_network(self) -> bool:
        """It trains the search's start cell, for others to be compared with."""
        return self.trial_id is None
