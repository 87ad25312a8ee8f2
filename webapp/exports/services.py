"""What a user asks for of exports and measurements, with the rules of who may ask what."""

from django.contrib.auth.base_user import AbstractBaseUser

from webapp.checkpoints.selectors import checkpoint_to_change
from webapp.errors import ProductError
from webapp.exports import comparison, lifecycle
from webapp.exports.models import Export, Kind
from webapp.exports.selectors import export_to_see


def build(
    user: AbstractBaseUser, checkpoint_id: int, kind: str, dataset: str | None = None
) -> Export:
    """Have an export built; one that is there, or on its way, is left as it is.

    Args:
        user: the checkpoint's owner.
        checkpoint_id: of the checkpoint.
        kind: of the export.
        dataset: on whose images it is compared, by its name in settings; empty for noise, None for
            the one that goes with the checkpoint.
    """
    checkpoint = checkpoint_to_change(user, checkpoint_id)
    if kind not in Kind.values:
        reason = f"expected one of {', '.join(Kind.values)}, got {kind!r}"
        raise ProductError("There is no such kind of export.", fields={"kind": reason})
    chosen = comparison.of(user, checkpoint).chosen(dataset)
    return lifecycle.export_requested(checkpoint, kind, chosen)


def cancel(user: AbstractBaseUser, checkpoint_id: int, kind: str) -> Export:
    """Give a build up."""
    export = _own(user, checkpoint_id, kind)
    lifecycle.export_cancelled(export.pk)
    export.refresh_from_db()
    return export


def delete(user: AbstractBaseUser, checkpoint_id: int, kind: str) -> None:
    """Delete an export with its files; it can be built again."""
    lifecycle.export_deleted(_own(user, checkpoint_id, kind).pk)


def measure(user: AbstractBaseUser, checkpoint_id: int) -> None:
    """Have a checkpoint measured, now or anew, on whatever device is free first."""
    lifecycle.measurement_requested(checkpoint_to_change(user, checkpoint_id))


def _own(user: AbstractBaseUser, checkpoint_id: int, kind: str) -> Export:
    checkpoint_to_change(user, checkpoint_id)
    return export_to_see(user, checkpoint_id, kind)
