"""Checkpoints, exports and measurements as JSON: one shape for pages and API."""

from collections.abc import Iterable
from typing import Any, TypedDict

from search_engine.spec import cell_from_json, format_cell
from search_engine.spec.export_form import (
    USUAL_FORMS,
    USUAL_NAMES,
    ExportForm,
    ExportKind,
    why_not_offered,
)
from search_engine.spec.pictures import Rendering
from webapp.api.shapes import filled
from webapp.checkpoints.downloads import export_file_name
from webapp.checkpoints.kinds import EXPORT, MEASUREMENT
from webapp.checkpoints.models import Checkpoint, Export, Measurement, form_label
from webapp.checkpoints.selectors import in_order
from webapp.state import State
from webapp.work.models import Request


class MeasuredJSON(TypedDict):
    """What inference takes on the device `measured_on`; all null where it was never measured.

    Seconds for a batch of 1 and of 64 images; bytes of weights and activations for one image.
    """

    latency_1: float | None
    latency_64: float | None
    memory: int | None
    measured_on: str | None


class CheckpointJSON(MeasuredJSON):
    """A checkpoint as lists show it. `trial` is the number in its search."""

    id: int
    title: str
    owner: str
    origin: str
    search: int | None
    search_name: str
    trial: int | None
    dataset: str
    notation: str
    accuracy: float | None
    parameters: int
    multiply_adds: int
    bytes: int
    sha256: str
    can_start: bool
    pinned: bool
    created_at: str


class ChosenJSON(TypedDict):
    """What was chosen of a form; `opset` is null where it is not ONNX."""

    kind: str
    precision: str
    preprocessing: bool
    opset: int | None


class OfferedExportJSON(ChosenJSON):
    """A usual form; `why_not` is empty, or says why there is none of this network."""

    name: str
    label: str
    why_not: str


class CheckpointDetailJSON(CheckpointJSON):
    """A checkpoint with what its own page shows; `mean` and `std` are those of its images."""

    cell: dict[str, Any]
    transformations: list[dict[str, Any]]
    image: list[int]
    class_names: list[str]
    mean: list[float]
    std: list[float]
    rendering: dict[str, Any]
    metrics: dict[str, float]
    versions: dict[str, str]
    exports: list[OfferedExportJSON]


class ExportJSON(ChosenJSON):
    """An export as pages draw it. `name` is that of its form, in addresses and of files.

    `report` has what was measured: `bytes`, seconds of one batch in `latency_1` and `latency_64`,
    how far it differs, and of int8 and float16 the accuracy before and after. `dataset` is the one
    that was chosen to compare on, by its name in settings, or empty.
    """

    id: int
    checkpoint: int
    name: str
    label: str
    dataset: str
    dataset_name: str
    state: str
    failure: str
    worker: str
    created_at: str
    ended_at: str | None
    bytes: int | None
    sha256: str
    file_name: str
    report: dict[str, Any] | None


class MeasurementJSON(MeasuredJSON):
    """What is known of a checkpoint's latency and memory, and of asking for them anew.

    `state` and `asked_at` are null where nobody has asked; `progress_note` is what is measured now.
    """

    checkpoint: int
    state: str | None
    progress_note: str
    failure: str
    worker: str
    asked_at: str | None


class CanExportJSON(TypedDict):
    """What may be done with one form of export now."""

    build: bool
    cancel: bool
    delete: bool
    download: bool


class CanJSON(TypedDict):
    """What may be done with a checkpoint now; `exports` by their names."""

    measure: bool
    cancel_measurement: bool
    exports: dict[str, CanExportJSON]


class LiveJSON(TypedDict):
    """A checkpoint's exports and measurement, with what may be done now."""

    exports: list[ExportJSON]
    measurement: MeasurementJSON
    can: CanJSON


def checkpoint_json(checkpoint: Checkpoint) -> CheckpointJSON:
    """A checkpoint that came from `selectors.visible_to`, without further queries."""
    trial, search, dataset = checkpoint.trial, checkpoint.search, checkpoint.dataset
    return filled(
        CheckpointJSON,
        checkpoint,
        owner=checkpoint.owner.get_username(),
        search=checkpoint.search_id,
        search_name=search.name if search else "",
        trial=trial.number if trial else None,
        dataset=dataset.name if dataset else checkpoint.trained_on.get("name", ""),
        notation=trial.notation if trial else notation_of(checkpoint),
        measured_on=checkpoint.measured_on or None,
        pinned=bool(trial and trial.pinned),
    )


def measured_json(checkpoint: Checkpoint) -> MeasuredJSON:
    return filled(MeasuredJSON, checkpoint, measured_on=checkpoint.measured_on or None)


def checkpoint_detail_json(checkpoint: Checkpoint) -> CheckpointDetailJSON:
    about, trained_on = checkpoint.description, checkpoint.trained_on
    lineage = about.get("lineage") or {}
    return {
        **checkpoint_json(checkpoint),
        "cell": about["architecture"]["cell"],
        "transformations": lineage.get("transformations", []),
        "image": checkpoint.image,
        "class_names": trained_on.get("class_names", []),
        "mean": trained_on.get("mean", []),
        "std": trained_on.get("std", []),
        "rendering": trained_on.get("rendering", Rendering().to_json()),
        "metrics": about.get("metrics", {}),
        "versions": about.get("versions", {}),
        "exports": exports_offered(checkpoint),
    }


def exports_offered(checkpoint: Checkpoint) -> list[OfferedExportJSON]:
    """Every usual form, and why there is none of this network where there is none."""
    skeleton = checkpoint.skeleton
    return [
        {
            "name": form.name,
            "label": form_label(form),
            **_chosen(form),
            "why_not": why_not_offered(form, skeleton),
        }
        for form in USUAL_FORMS
    ]


def _chosen(form: ExportForm) -> ChosenJSON:
    return {
        "kind": form.kind.value,
        "precision": form.precision.value,
        "preprocessing": form.preprocessing,
        "opset": form.opset if form.kind is ExportKind.ONNX else None,
    }


def notation_of(checkpoint: Checkpoint) -> str:
    """Its cell in one line."""
    return format_cell(cell_from_json(checkpoint.description["architecture"]["cell"]))


def export_json(export: Export) -> ExportJSON:
    return filled(
        ExportJSON,
        export,
        checkpoint=export.checkpoint_id,
        **_chosen(export.form),
        dataset=export.dataset.engine_name if export.dataset else "",
        dataset_name=export.dataset.name if export.dataset else "",
        file_name=export_file_name(export) if export.report else "",
    )


def measurement_json(checkpoint: Checkpoint) -> MeasurementJSON:
    asked = Measurement.objects.filter(checkpoint=checkpoint).first()
    return {
        **measured_json(checkpoint),
        "checkpoint": checkpoint.pk,
        "state": asked.state if asked else None,
        "progress_note": (asked.progress or {}).get("note", "") if asked else "",
        "failure": asked.failure if asked else "",
        "worker": asked.worker if asked else "",
        "asked_at": asked.created_at.isoformat() if asked else None,
    }


def live_json(checkpoint: Checkpoint, *, owns: bool) -> LiveJSON:
    """What is told of a checkpoint to whoever has its page open."""
    exports = in_order(Export.objects.filter(checkpoint=checkpoint))
    asked = Measurement.objects.filter(checkpoint=checkpoint).first()
    return {
        "exports": [export_json(export) for export in exports],
        "measurement": measurement_json(checkpoint),
        "can": {
            "measure": owns and not (asked and asked.is_active),
            "cancel_measurement": owns
            and asked is not None
            and MEASUREMENT.may_request(asked, Request.CANCEL),
            "exports": _can(checkpoint, exports, owns=owns),
        },
    }


def _can(
    checkpoint: Checkpoint, exports: Iterable[Export], *, owns: bool
) -> dict[str, CanExportJSON]:
    rows = {export.name: export for export in exports}
    skeleton = checkpoint.skeleton
    can: dict[str, CanExportJSON] = {}
    for name in dict.fromkeys((*USUAL_NAMES, *rows)):
        row = rows.get(name)
        is_there = row is not None and row.state == State.COMPLETED
        is_idle = row is None or not (is_there or row.is_active)
        can[name] = {
            "build": owns and is_idle and not why_not_offered(ExportForm.named(name), skeleton),
            "cancel": owns and row is not None and EXPORT.may_request(row, Request.CANCEL),
            "delete": owns and is_there,
            "download": is_there,
        }
    return can
