"""What pages and the API read of exports and measurements. Rights are the checkpoint's."""

from typing import Any, TypedDict

from webapp.checkpoints.documents import MeasuredJSON, measured_json
from webapp.checkpoints.downloads import stem
from webapp.checkpoints.selectors import User, checkpoint_to_see
from webapp.errors import ProductError
from webapp.exports.models import Export, Kind, Measurement


class ExportJSON(TypedDict):
    """An export as pages draw it. Seconds of one batch in `latency_1` and `latency_64`.

    `dataset` is the one that was chosen to compare on, by its name in settings, or empty.
    """

    id: int
    checkpoint: int
    kind: str
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

    `state` and `asked_at` are null where nobody has asked.
    """

    checkpoint: int
    state: str | None
    failure: str
    worker: str
    asked_at: str | None


def exports_of(user: User, checkpoint_id: int) -> list[Export]:
    """A checkpoint's exports, in the order in which pages show them."""
    checkpoint = checkpoint_to_see(user, checkpoint_id)
    order = {kind: place for place, kind in enumerate(Kind.values)}
    exports = Export.objects.filter(checkpoint=checkpoint).select_related(*_CHECKPOINT)
    return sorted(exports, key=lambda export: order[export.kind])


def export_to_see(user: User, checkpoint_id: int, kind: str) -> Export:
    """One export; its kind is the address's last part."""
    checkpoint = checkpoint_to_see(user, checkpoint_id)
    exports = Export.objects.filter(checkpoint=checkpoint, kind=kind)
    found = exports.select_related(*_CHECKPOINT).first()
    if found is None:
        raise ProductError("There is no such export.", "not_found")
    return found


def export_json(export: Export) -> ExportJSON:
    return {
        "id": export.pk,
        "checkpoint": export.checkpoint_id,
        "kind": export.kind,
        "label": Kind(export.kind).label,
        "dataset": export.dataset.engine_name if export.dataset else "",
        "dataset_name": export.dataset.name if export.dataset else "",
        "state": export.state,
        "failure": export.failure,
        "worker": export.worker,
        "created_at": export.created_at.isoformat(),
        "ended_at": export.ended_at.isoformat() if export.ended_at else None,
        "bytes": export.bytes,
        "sha256": export.sha256,
        "file_name": file_name(export) if export.report else "",
        "report": export.report,
    }


def file_name(export: Export) -> str:
    """That it is downloaded under: a single file keeps its ending, several come as a zip."""
    names = [file["name"] for file in (export.report or {}).get("files", [])]
    ending = names[0].rpartition(".")[2] if len(names) == 1 else "zip"
    return f"{stem(export.checkpoint)}-{export.kind}.{ending}"


def measurement_json(user: User, checkpoint_id: int) -> MeasurementJSON:
    """Of a checkpoint that the user may look at."""
    checkpoint = checkpoint_to_see(user, checkpoint_id)
    asked = Measurement.objects.filter(checkpoint=checkpoint).first()
    return {
        **measured_json(checkpoint),
        "checkpoint": checkpoint.pk,
        "state": asked.state if asked else None,
        "failure": asked.failure if asked else "",
        "worker": asked.worker if asked else "",
        "asked_at": asked.created_at.isoformat() if asked else None,
    }


_CHECKPOINT = ("checkpoint__search", "checkpoint__trial", "dataset")
