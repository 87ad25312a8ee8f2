"""The only place where the state of an export or a measurement changes.

One function, one transaction. What both have in common stands in `claims`.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.db import transaction

from webapp.checkpoints import files
from webapp.checkpoints.models import Checkpoint
from webapp.datasets.models import Dataset
from webapp.errors import ProductError
from webapp.exports.claims import Claims
from webapp.exports.models import MAX_LOSSES, Export, Measurement
from webapp.state import State
from webapp.task_queue import TaskName

EXPORTS = Claims(
    Export,
    TaskName.BUILD_EXPORT,
    lost=f"The worker was lost {MAX_LOSSES} times while it built this export. Look at its log.",
)
MEASUREMENTS = Claims(
    Measurement,
    TaskName.MEASURE_CHECKPOINT,
    lost=f"The worker was lost {MAX_LOSSES} times while it measured this network. Look at its log.",
)
_IDLE = (State.FAILED, State.CANCELLED)


@transaction.atomic
def export_requested(checkpoint: Checkpoint, kind: str, dataset: Dataset | None = None) -> Export:
    """A row that waits for a worker; the one that there is, where it is built or is being built.

    Args:
        checkpoint: what to export.
        kind: of the export.
        dataset: whose images it is compared on, where the checkpoint has none of its own.
    """
    export, is_new = Export.objects.get_or_create(
        checkpoint=checkpoint, kind=kind, defaults={"dataset": dataset}
    )
    EXPORTS.ask(export, again=_IDLE, is_new=is_new, dataset=dataset)
    return export


def export_completed(
    export_id: int, token: int, report: Mapping[str, Any], *, folder: str, sha256: str
) -> bool:
    """Built and found right; False where the token is no longer current."""
    found = {"report": report, "folder": folder, "sha256": sha256, "bytes": report["bytes"]}
    return EXPORTS.completed(export_id, token, **found)


def export_cancelled(export_id: int) -> None:
    """Given up at once.

    Raises:
        ProductError: it has ended already.
    """
    if not EXPORTS.cancelled(export_id):
        raise ProductError("This export has ended: there is nothing to cancel.", "conflict")


@transaction.atomic
def export_deleted(export_id: int) -> None:
    """Gone, with its files.

    Raises:
        ProductError: it is being built.
    """
    export = Export.objects.select_for_update().get(pk=export_id)
    if export.is_active:
        raise ProductError("This export is being built: cancel it first.", "conflict")
    export.delete()
    if export.folder:
        transaction.on_commit(partial(files.delete, export.folder))


@transaction.atomic
def measurement_requested(checkpoint: Checkpoint) -> Measurement:
    """A row that waits for a worker, also where it was measured before: devices change."""
    measurement, is_new = Measurement.objects.get_or_create(checkpoint=checkpoint)
    MEASUREMENTS.ask(measurement, again=(*_IDLE, State.COMPLETED), is_new=is_new)
    return measurement


@transaction.atomic
def measurement_completed(measurement_id: int, token: int, measured: Mapping[str, Any]) -> bool:
    """What was measured stands in the checkpoint; False where the token is no longer current."""
    if not MEASUREMENTS.completed(measurement_id, token):
        return False
    Checkpoint.objects.filter(measurement=measurement_id).update(**measured)
    return True
