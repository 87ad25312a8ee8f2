"""Rows of adopted networks: users' own. What may become of them is in `work.kinds`.

One is read first, which gives its outline. Then its user chooses sites, and it is made into an
ordinary checkpoint, from which searches start. An uploaded checkpoint needs no choice.
"""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from webapp.adopted.names import WEIGHTS, Normalised, Published, Source
from webapp.live.topics import Topic
from webapp.work.models import Work


class Step(models.TextChoices):
    """What a worker is asked for; the state is that step's."""

    READ = "read", "Read"
    ADOPT = "adopt", "Make a checkpoint"


class AdoptedNetwork(Work):
    """A network that Espalier did not build, on its way to a checkpoint."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="adopted_networks"
    )
    name = models.CharField(max_length=120)
    source = models.CharField(max_length=11, choices=Source)
    model = models.CharField(max_length=80, blank=True, default="")
    # It says the images' shape and the number of classes; an uploaded checkpoint knows its own.
    dataset = models.ForeignKey(
        "datasets.Dataset", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    files = models.JSONField(default=list, blank=True)
    bytes = models.PositiveBigIntegerField(default=0)
    pretrained = models.CharField(max_length=40, blank=True, default="", choices=Published)
    normalisation = models.CharField(max_length=8, blank=True, default="", choices=Normalised)

    step = models.CharField(max_length=5, choices=Step, default=Step.READ)
    outline = models.JSONField(null=True, blank=True)
    sites = models.JSONField(default=list, blank=True)
    checkpoint = models.ForeignKey(
        "checkpoints.Checkpoint",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="adopted_networks",
    )

    class Meta(Work.Meta):
        ordering: ClassVar = ["-created_at", "-pk"]
        constraints: ClassVar = [
            *Work.Meta.constraints,
            models.CheckConstraint(
                condition=Q(source__in=Source.values), name="adopted_source_known"
            ),
        ]
        indexes: ClassVar = [
            *Work.Meta.indexes,
            models.Index(fields=["owner", "-created_at"], name="adopted_owner_created"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("adopted_network", args=[self.pk])

    @property
    def topic(self) -> Topic:
        return Topic("adopted_network", self.pk)

    @property
    def folder(self) -> str:
        """Where its uploaded files lie in Django's storage."""
        return f"start-networks/{self.pk}"

    @property
    def has_own_weights(self) -> bool:
        """Its user gave weights; a program that timm was made into has fresh ones."""
        return bool(self.files) and (self.source != Source.TIMM or WEIGHTS in self.files)

    @property
    def can_choose(self) -> bool:
        """It has been read, so sites can be chosen, now or anew."""
        return self.outline is not None and not self.is_active
