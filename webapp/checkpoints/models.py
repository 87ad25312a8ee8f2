"""Rows of checkpoints, one network's files with what lists show of it; of exports, measurements."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from search_engine.spec import SkeletonConfig, skeleton_from_json
from search_engine.spec.export_form import OPSET, ExportForm, Precision
from webapp.live.topics import Topic
from webapp.work.models import Work


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
    # That it was trained on, or made for; of a network that was brought in it may not be known.
    dataset = models.ForeignKey(
        "datasets.Dataset", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
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
    # Whether a search can start from it; where its cell has grown, only by growing further.
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

    def save(self, *args: Any, **kwargs: Any) -> None:
        """A checkpoint of a search was trained on that search's data set."""
        if self.search is not None:
            self.dataset_id = self.search.dataset_id
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("checkpoint", args=[self.pk])

    @property
    def topic(self) -> Topic:
        return Topic("checkpoint", self.pk)

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
    def image(self) -> list[int]:
        """Channels, height and width of the images that it takes."""
        found: list[int] = self.description["architecture"]["skeleton"]["image"]
        return found

    @property
    def skeleton(self) -> SkeletonConfig:
        """The network around its cells."""
        return skeleton_from_json(self.description["architecture"]["skeleton"])

    @property
    def trained_on(self) -> dict[str, Any]:
        """What using the network needs of its data set; empty where it has not been trained."""
        found: dict[str, Any] = self.description.get("trained_on") or {}
        return found


class ExportFormat(models.TextChoices):
    """The formats of exports, as people call them."""

    ONNX = "onnx", "ONNX"
    TORCH_EXPORT = "torch-export", "torch.export"
    SAFETENSORS = "safetensors", "safetensors + JSON"
    PYTORCH = "pytorch", "Plain PyTorch"


class Export(Work):
    """A checkpoint in another form. Of each form there is one, which may be built again.

    `name` is the form's, such as `onnx-image-int8`; its usual form is called as the format is.
    `report` is what the engine found when it compared the files with the checkpoint.
    """

    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.CASCADE, related_name="exports")
    kind = models.CharField(max_length=20, choices=ExportFormat)
    name = models.CharField(max_length=40, blank=True, default="")
    # Whose images it is compared on, where the checkpoint was brought in.
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
            models.UniqueConstraint(fields=["checkpoint", "name"], name="export_name_once"),
            models.CheckConstraint(
                condition=Q(kind__in=ExportFormat.values), name="export_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} of checkpoint {self.checkpoint_id}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """One that says nothing else is of the usual form."""
        self.name = self.name or self.kind
        super().save(*args, **kwargs)

    @property
    def form(self) -> ExportForm:
        """What was chosen."""
        return ExportForm.named(self.name)

    @property
    def label(self) -> str:
        """The form as people call it."""
        return form_label(self.form)


def form_label(form: ExportForm) -> str:
    """A form as people call it: "ONNX, pictures in, int8, opset 20"."""
    parts = [ExportFormat(form.kind.value).label]
    parts += ["pictures in"] * form.preprocessing
    parts += [form.precision.value] * (form.precision is not Precision.FLOAT32)
    parts += [f"opset {form.opset}"] * (form.opset != OPSET)
    return ", ".join(map(str, parts))


class Measurement(Work):
    """The work of measuring a checkpoint's latency and memory, which stand in the checkpoint."""

    checkpoint = models.OneToOneField(
        Checkpoint, on_delete=models.CASCADE, related_name="measurement"
    )

    def __str__(self) -> str:
        return f"measurement of checkpoint {self.checkpoint_id}"
