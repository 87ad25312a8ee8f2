"""What a user asks for. No torch."""

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from webapp.datasets import lifecycle, names
from webapp.datasets.models import Dataset
from webapp.datasets.paths import upload_path
from webapp.datasets.selectors import may_change, visible_dataset
from webapp.datasets.uploads import StreamedFile
from webapp.errors import ProductError
from webapp.state import State

BUSY = "This data set is being prepared already."


@transaction.atomic
def upload(
    user: AbstractBaseUser,
    file: StreamedFile,
    *,
    name: str = "",
    resize_pixels: int | None = None,
    licence: str = "",
    source: str = "",
) -> Dataset:
    """Keep the zip, and have it checked and prepared in the background."""
    shown = names.clean(name) or names.from_file_name(file.name or "")
    dataset = Dataset(
        owner_id=user.pk,
        name=shown,
        engine_name=names.engine_name(shown),
        file_name=names.file_name(file.name or ""),
        sha256=file.sha256,
        size_bytes=file.size or 0,
        resize_pixels=resize_pixels,
        licence=names.clean(licence, 200),
        source=names.clean(source, 500),
    )
    lifecycle.created(dataset)
    file.keep(upload_path(dataset.pk))
    return dataset


def download(user: AbstractBaseUser, dataset_id: int) -> Dataset:
    """Have a published data set fetched in the background."""
    dataset = visible_dataset(user, dataset_id)
    if not dataset.is_missing:
        raise ProductError(f"{dataset.name} is on this server already.", "conflict")
    if not dataset.downloadable:
        raise ProductError(f"{dataset.name} cannot be downloaded.", "conflict")
    return _queued(dataset)


def prepare_again(
    user: AbstractBaseUser, dataset_id: int, *, resize_pixels: int | None = None
) -> Dataset:
    """Another attempt, perhaps at another image size."""
    dataset = visible_dataset(user, dataset_id)
    if dataset.is_built_in:
        if dataset.is_ready:
            raise ProductError(f"{dataset.name} is ready.", "conflict")
        return _queued(dataset)
    if not may_change(user, dataset):
        raise ProductError("Only its owner may prepare this data set again.", "forbidden")
    if dataset.state == State.COMPLETED or not upload_path(dataset.pk).is_file():
        raise ProductError("Its zip is no longer kept. Upload it again.", "conflict")
    return _queued(dataset, resize_pixels=resize_pixels)


def delete(user: AbstractBaseUser, dataset_id: int) -> None:
    """Delete an upload with its files, unless a search uses it."""
    dataset = visible_dataset(user, dataset_id)
    if not may_change(user, dataset):
        raise ProductError("Published data sets cannot be deleted.", "forbidden")
    try:
        lifecycle.deleted(dataset)
    except ProtectedError as error:
        raise ProductError(_in_use(dataset, error), "conflict") from error
    except IntegrityError as error:  # it began between the look and the deletion
        raise ProductError("A search has just begun to use this data set.", "conflict") from error


def _queued(dataset: Dataset, **changes: int | None) -> Dataset:
    if not lifecycle.preparation_requested(dataset.pk, **changes):
        raise ProductError(BUSY, "conflict")
    dataset.refresh_from_db()
    return dataset


def _in_use(dataset: Dataset, error: ProtectedError) -> str:
    users = sorted(f"“{search}”" for search in error.protected_objects)
    named = ", ".join(users[:3]) + (f" and {len(users) - 3} more" if len(users) > 3 else "")
    verb = "uses" if len(users) == 1 else "use"
    noun = "search" if len(users) == 1 else "searches"
    them = "it" if len(users) == 1 else "them"
    return f"“{dataset.name}” cannot be deleted: the {noun} {named} {verb} it. Delete {them} first."
