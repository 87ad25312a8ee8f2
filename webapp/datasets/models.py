"""Rows of data sets. What may become of them is in `lifecycle`; nothing else changes a state."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from webapp.state import State


class Dataset(models.Model):
    """Labelled images: a published data set that everybody sees, or a user's upload.

    A published data set that is not on this server, and that nobody has asked for, has no state.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="datasets",
    )
    name = models.CharField(max_length=100)
    # What a search config says: the engine's name of a published data set, or one made of ours.
    engine_name = models.SlugField(max_length=100, unique=True)
    licence = models.CharField(max_length=200, blank=True, default="")
    source = models.CharField(max_length=500, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)

    # What is known of the images; of a published data set some of it before they are here.
    image_channels = models.PositiveIntegerField(default=0)
    image_height = models.PositiveIntegerField(default=0)
    image_width = models.PositiveIntegerField(default=0)
    image_count = models.PositiveIntegerField(default=0)
    test_count = models.PositiveIntegerField(default=0)
    classes = models.PositiveIntegerField(default=0)
    class_names = models.JSONField(default=list, blank=True)
    class_counts = models.JSONField(default=list, blank=True)
    warnings = models.JSONField(default=list, blank=True)
    size_bytes = models.PositiveBigIntegerField(default=0)

    # Published data sets.
    on_disk = models.BooleanField(default=False)
    downloadable = models.BooleanField(default=False)
    debian_package = models.CharField(max_length=100, blank=True, default="")

    # Uploads.
    file_name = models.CharField(max_length=200, blank=True, default="")
    sha256 = models.CharField(max_length=64, blank=True, default="")
    resize_pixels = models.PositiveIntegerField(null=True, blank=True)

    # Preparation.
    state = models.CharField(max_length=10, choices=State, blank=True, default="")
    failure = models.TextField(blank=True, default="")
    progress = models.FloatField(default=0.0)
    progress_note = models.CharField(max_length=60, blank=True, default="")
    attempt = models.PositiveIntegerField(default=0)
    losses = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    prepared_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """Published data sets first, by name."""

        ordering = ("owner_id", "name", "pk")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=["", *State.values]), name="datasets_dataset_state_known"
            ),
            models.CheckConstraint(
                condition=Q(progress__gte=0) & Q(progress__lte=1),
                name="datasets_dataset_progress_is_a_fraction",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["state"], name="datasets_dataset_state")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("dataset", args=[self.pk])

    @property
    def is_built_in(self) -> bool:
        return self.owner_id is None

    @property
    def is_ready(self) -> bool:
        return self.state == State.COMPLETED

    @property
    def is_busy(self) -> bool:
        return self.state in (State.QUEUED, State.RUNNING)

    @property
    def is_missing(self) -> bool:
        """A published data set whose files are not on this server."""
        return self.is_built_in and not self.on_disk

    @property
    def shape_text(self) -> str:
        """Such as `28 × 28 pixels, grey`; empty where it is not known."""
        if not self.image_width:
            return ""
        colours = {1: "grey", 3: "colour"}.get(
            self.image_channels, f"{self.image_channels} channels"
        )
        return f"{self.image_width} × {self.image_height} pixels, {colours}"
