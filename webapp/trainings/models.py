"""Rows of trainings. What may become of them is in `work.kinds`, and nowhere else."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from webapp.live.topics import Topic
from webapp.work.models import Work


class Purpose(models.TextChoices):
    """What a network is trained for."""

    START = "start", "Start network"
    FINAL = "final", "Final training"
    COMPARISON = "comparison", "Comparison"


class Training(Work):
    """A network that is trained to the end; it belongs to a search.

    A start network's is what the search's trials grow from. A final training has a trial's cell in
    a network of any size; a comparison has the start cell in it, under the same recipe.
    """

    search = models.ForeignKey(
        "searches.Search", on_delete=models.CASCADE, related_name="trainings"
    )
    purpose = models.CharField(max_length=10, choices=Purpose)
    trial = models.ForeignKey(
        "searches.Trial",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="trainings",
    )
    compared_with = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="compared_by"
    )
    name = models.CharField(max_length=120)
    config = models.JSONField()
    idempotency_key = models.CharField(  # noqa: DJ001 - null where none was given
        max_length=200, null=True, blank=True
    )

    running_since = models.DateTimeField(null=True, blank=True)
    seconds_before = models.FloatField(default=0.0)

    epochs = models.PositiveIntegerField()
    history = models.JSONField(default=list, blank=True)
    parameters = models.BigIntegerField()
    multiply_adds = models.BigIntegerField()

    accuracy = models.FloatField(null=True, blank=True)
    # Of a start network, where its search is not older than these.
    balanced_accuracy = models.FloatField(null=True, blank=True)
    last_gain = models.FloatField(null=True, blank=True)
    test_accuracy = models.FloatField(null=True, blank=True)
    test_images = models.PositiveIntegerField(null=True, blank=True)
    fold_accuracies = models.JSONField(default=list, blank=True)
    confusion = models.JSONField(null=True, blank=True)
    checkpoint = models.OneToOneField(
        "checkpoints.Checkpoint",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="training",
    )

    class Meta(Work.Meta):
        ordering: ClassVar = ["-created_at", "-pk"]
        constraints: ClassVar = [
            *Work.Meta.constraints,
            models.CheckConstraint(
                condition=Q(purpose__in=Purpose.values), name="training_purpose_known"
            ),
            models.UniqueConstraint(
                fields=["search"], condition=Q(purpose=Purpose.START), name="start_training_once"
            ),
            models.UniqueConstraint(
                fields=["search", "idempotency_key"],
                condition=Q(idempotency_key__isnull=False),
                name="final_training_launched_once",
            ),
        ]
        indexes: ClassVar = [
            *Work.Meta.indexes,
            models.Index(fields=["search", "-created_at"], name="final_search_created"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("final_training", args=[self.pk])

    @property
    def topic(self) -> Topic:
        """Its search's log tells of it."""
        return Topic("search", self.search_id)

    @property
    def is_start(self) -> bool:
        """A search's trials grow from it, and whoever steers that search steers it."""
        return self.purpose == Purpose.START

    @property
    def elapsed_seconds(self) -> float:
        """Time in which a worker trained it; waiting and pauses left out."""
        if self.running_since is None:
            return self.seconds_before
        return self.seconds_before + (timezone.now() - self.running_since).total_seconds()
