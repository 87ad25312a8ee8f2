"""Rows of checkpoints: one network's files in Django's storage, with what lists show of it."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone


class Origin(models.TextChoices):
    """What a network was trained as."""

    START = "start", "Start network"
    TRIAL = "trial", "Trial"
    FINAL = "final", "Final training"
    UPLOAD = "upload", "Upload"


class Checkpoint(models.Model):
    """One network's files: of a kept trial, a start network, a final training, or an upload.

    `description` is the readable half of the files, `checkpoint.json`, so that no page opens them.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="checkpoints"
    )
    origin = models.CharField(max_length=6, choices=Origin)
    search = models.ForeignKey(
        "searches.Search",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="checkpoints",
    )
    trial = models.OneToOneField(
        "searches.Trial",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="checkpoint",
    )
    # Empty where `title` says it better: a search may be renamed.
    name = models.CharField(max_length=120, blank=True, default="")
    folder = models.CharField(max_length=200, unique=True)
    sha256 = models.CharField(max_length=64)
    bytes = models.BigIntegerField()
    accuracy = models.FloatField(null=True, blank=True)
    parameters = models.BigIntegerField()
    multiply_adds = models.BigIntegerField()
    # Of inference, where it was measured: seconds of a batch of 1 and of 64, bytes, the device.
    latency_1 = models.FloatField(null=True, blank=True)
    latency_64 = models.FloatField(null=True, blank=True)
    memory = models.BigIntegerField(null=True, blank=True)
    measured_on = models.CharField(max_length=200, blank=True, default="")
    # Its cell is the start cell, so that a search can start from it: others have grown theirs.
    can_start = models.BooleanField(default=False)
    description = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["-created_at", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["search"], condition=Q(origin=Origin.START), name="start_checkpoint_once"
            ),
            models.CheckConstraint(
                condition=Q(origin__in=Origin.values), name="checkpoint_origin_known"
            ),
            models.CheckConstraint(
                condition=Q(origin=Origin.TRIAL, trial__isnull=False)
                | (~Q(origin=Origin.TRIAL) & Q(trial__isnull=True)),
                name="checkpoint_trial_where_it_is_of_one",
            ),
            models.CheckConstraint(
                condition=Q(search__isnull=False) | Q(origin=Origin.UPLOAD),
                name="checkpoint_search_unless_uploaded",
            ),
            models.CheckConstraint(
                condition=Q(
                    latency_1__isnull=True,
                    latency_64__isnull=True,
                    memory__isnull=True,
                    measured_on="",
                )
                | Q(latency_1__isnull=False, latency_64__isnull=False, memory__isnull=False)
                & ~Q(measured_on=""),
                name="checkpoint_measured_whole",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["owner", "-created_at"], name="checkpoint_owner_created"),
            models.Index(fields=["search", "origin"], name="checkpoint_search_origin"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("checkpoint", args=[self.pk])

    @property
    def title(self) -> str:
        """Its name, or what it is of."""
        if self.name:
            return self.name
        if self.search is None:
            return f"Checkpoint {self.pk}"
        if self.trial is not None:
            return f"Trial {self.trial.number} of {self.search.name}"
        what = {Origin.START: "Start network", Origin.FINAL: "Final network"}
        return f"{what.get(Origin(self.origin), 'Network')} of {self.search.name}"

    @property
    def trained_on(self) -> dict[str, Any]:
        """What using the network needs of its data set; empty where it has not been trained."""
        found: dict[str, Any] = self.description.get("trained_on") or {}
        return found
