"""Rows of exports and measurements. Nothing but `lifecycle` changes their states."""

from datetime import timedelta
from typing import ClassVar, Final

from django.db import models
from django.db.models import Q
from django.utils import timezone

from webapp.state import State

LEASE: Final = timedelta(seconds=20)
"""How long a worker may be silent. With recovery every 5 s a killed one shows within 30 s."""

MAX_LOSSES: Final = 3


class Kind(models.TextChoices):
    """The engine's kinds of export, as people call them."""

    ONNX = "onnx", "ONNX"
    TORCH_EXPORT = "torch-export", "torch.export"
    SAFETENSORS = "safetensors", "safetensors + JSON"
    PYTORCH = "pytorch", "Plain PyTorch"


class Work(models.Model):
    """What a worker is asked to do with a checkpoint.

    While a worker is at it, `attempt` is the fencing token.
    """

    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
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

    class Meta:
        abstract = True
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(state=State.PAUSED) & Q(state__in=State.values),
                name="%(class)s_state_known",
            )
        ]
        indexes: ClassVar = [models.Index(fields=["state", "lease_until"], name="%(class)s_lease")]

    @property
    def is_active(self) -> bool:
        """Whether a worker is at it, or is to be."""
        return self.state in (State.QUEUED, State.RUNNING)


class Export(Work):
    """A checkpoint in another form. Of each kind there is one, which may be built again.

    `report` is what the engine found when it compared the files with the checkpoint.
    """

    checkpoint = models.ForeignKey(
        "checkpoints.Checkpoint", on_delete=models.CASCADE, related_name="exports"
    )
    kind = models.CharField(max_length=20, choices=Kind)
    # Whose images it is compared on, where the checkpoint has no data set of its own.
    dataset = models.ForeignKey(
        "datasets.Dataset", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    report = models.JSONField(null=True, blank=True)
    folder = models.CharField(max_length=300, blank=True, default="")
    sha256 = models.CharField(max_length=64, blank=True, default="")
    bytes = models.BigIntegerField(null=True, blank=True)

    class Meta(Work.Meta):
        ordering: ClassVar = ["checkpoint", "pk"]
        constraints: ClassVar = [
            *Work.Meta.constraints,
            models.UniqueConstraint(fields=["checkpoint", "kind"], name="export_kind_once"),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="export_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of checkpoint {self.checkpoint_id}"


class Measurement(Work):
    """That a checkpoint's latency and memory were asked for; they stand in the checkpoint."""

    checkpoint = models.OneToOneField(
        "checkpoints.Checkpoint", on_delete=models.CASCADE, related_name="measurement"
    )

    def __str__(self) -> str:
        return f"measurement of checkpoint {self.checkpoint_id}"
