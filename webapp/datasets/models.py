"""Rows of data sets. What may become of their preparation is in `work.kinds`."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from webapp.live.topics import Topic
from webapp.state import State
from webapp.work.models import Work

MAX_NAME = 100


class Look(models.TextChoices):
    """When an upload's owner is shown what was read, before it is prepared."""

    NEEDED = "needed", "Show me what needs a look"
    ALWAYS = "always", "Show me everything first"
    NEVER = "never", "Prepare it at once"


class Dataset(Work):
    """Labelled images: a published data set that everybody sees, or a user's upload.

    Its state is that of the preparation for searches. A published data set that is not on this
    server, and that nobody has asked for, has none. A paused upload waits for its owner: to answer
    what is asked about the pictures, or to look at what was read.
    """

    state = models.CharField(max_length=10, choices=State, blank=True, default="")

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="datasets",
    )
    name = models.CharField(max_length=MAX_NAME)
    # What a search config says: the engine's name of a published data set, or one made of ours.
    engine_name = models.SlugField(max_length=100, unique=True)
    licence = models.CharField(max_length=200, blank=True, default="")
    source = models.CharField(max_length=500, blank=True, default="")

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
    look = models.CharField(max_length=6, choices=Look, default=Look.NEVER)
    answers = models.JSONField(default=dict, blank=True)
    # The engine's report on the pictures with these answers, the questions so far, and the classes
    # before any was renamed or left out.
    report = models.JSONField(null=True, blank=True)
    asked = models.JSONField(default=list, blank=True)
    classes_found = models.JSONField(default=list, blank=True)

    # Where files lie in the storage, none where empty: the archive as it came, gone once it has
    # been prepared; pictures of what was read; and what the last preparation has written.
    upload = models.CharField(max_length=100, blank=True, default="")
    surveyed = models.CharField(max_length=100, blank=True, default="")
    prepared = models.CharField(max_length=100, blank=True, default="")
    # When the files were written that searches load now.
    prepared_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """Published data sets first, by name."""

        ordering = ("owner_id", "name", "pk")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=["", *State.values]), name="datasets_dataset_state_known"
            )
        ]
        indexes: ClassVar = Work.Meta.indexes

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("dataset", args=[self.pk])

    @property
    def topic(self) -> Topic:
        return Topic("dataset", self.pk)

    @property
    def is_built_in(self) -> bool:
        return self.owner_id is None

    @property
    def is_ready(self) -> bool:
        return self.state == State.COMPLETED

    @property
    def waits_for_owner(self) -> bool:
        """Whether it goes on once its owner has answered or looked."""
        return self.state == State.PAUSED

    @property
    def state_label(self) -> str:
        """The state as pages call it."""
        return "Waits for you" if self.waits_for_owner else self.get_state_display()

    @property
    def share_done(self) -> float:
        """How much of its preparation is done, from 0 to 1."""
        return 1.0 if self.is_ready else float((self.progress or {}).get("share", 0.0))

    @property
    def progress_note(self) -> str:
        """What is done at the moment; empty where nothing is."""
        if self.state == State.QUEUED:
            return self.delay or (
                "Interrupted; waiting for a worker" if self.started_at else "Waiting for a worker"
            )
        return str((self.progress or {}).get("note", ""))

    @property
    def is_missing(self) -> bool:
        """A published data set whose files are not on this server."""
        return self.is_built_in and not self.on_disk

    @property
    def size(self) -> list[int]:
        """Height and width of its images in pixels; zeros where they are not known."""
        return [self.image_height, self.image_width]

    @property
    def shape_text(self) -> str:
        """Such as `28 × 28 pixels, grey`; empty where it is not known."""
        if not self.image_width:
            return ""
        colours = {1: "grey", 3: "colour"}.get(
            self.image_channels, f"{self.image_channels} channels"
        )
        return f"{self.image_width} × {self.image_height} pixels, {colours}"
