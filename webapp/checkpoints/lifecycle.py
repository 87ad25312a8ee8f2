"""What may become of an export or a measurement, beyond what becomes of all work."""

from django.db import transaction
from django.utils import timezone

from search_engine.spec.export_form import ExportForm
from webapp.checkpoints.kinds import EXPORT, MEASUREMENT
from webapp.checkpoints.models import Checkpoint, Export, Measurement
from webapp.datasets.models import Dataset
from webapp.errors import ProductError
from webapp.state import State

_GIVEN_UP = (State.FAILED, State.CANCELLED)


@transaction.atomic
def export_requested(checkpoint: Checkpoint, name: str, dataset: Dataset | None = None) -> Export:
    """A row that waits for a worker; the one that there is, where it is built or is being built.

    Args:
        dataset: whose images it is compared on, where the checkpoint was brought in.
    """
    export = Export.objects.filter(checkpoint=checkpoint, name=name).first()
    if export is None:
        kind = ExportForm.named(name).kind.value
        return EXPORT.add(Export(checkpoint=checkpoint, kind=kind, name=name, dataset=dataset))
    EXPORT.again(export, _GIVEN_UP, dataset=dataset, created_at=timezone.now())
    export.refresh_from_db()
    return export


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


@transaction.atomic
def measurement_requested(checkpoint: Checkpoint) -> Measurement:
    """A row that waits for a worker, also where it was measured before: devices change."""
    measurement = Measurement.objects.filter(checkpoint=checkpoint).first()
    if measurement is None:
        return MEASUREMENT.add(Measurement(checkpoint=checkpoint))
    MEASUREMENT.again(measurement, (*_GIVEN_UP, State.COMPLETED), created_at=timezone.now())
    measurement.refresh_from_db()
    return measurement
