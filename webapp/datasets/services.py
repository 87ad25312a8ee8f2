"""What a user asks for. No torch."""

import secrets
import unicodedata
from collections.abc import Mapping
from pathlib import PureWindowsPath
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils.text import slugify

from webapp.accounts import quota
from webapp.datasets.answers import laid_over
from webapp.datasets.files import ENDINGS, dataset_folder, upload_name
from webapp.datasets.kinds import PREPARATION
from webapp.datasets.models import MAX_NAME, Dataset, Look
from webapp.datasets.selectors import may_change, visible_dataset
from webapp.datasets.uploads import StreamedFile
from webapp.disk import require_room
from webapp.errors import ProductError, engine_errors_as_product_errors
from webapp.state import FINAL_STATES, State
from webapp.storage.folders import stored_bytes

BUSY = "This data set is being prepared already."
IDLE = ("", State.PAUSED, *FINAL_STATES)
"""States in which a preparation may be asked for."""


@transaction.atomic
def upload(
    user: AbstractBaseUser,
    file: StreamedFile,
    *,
    name: str = "",
    resize_pixels: int | None = None,
    licence: str = "",
    source: str = "",
    look: str = Look.NEVER,
) -> Dataset:
    """Keep the archive, and have it looked at and prepared in the background.

    Args:
        look: when its owner is shown what was read, before it is prepared.
    """
    require_room()
    quota.check_kept(user.pk, file.size or 0)
    shown = _clean(name) or _name_from(file.name or "")
    dataset = Dataset(
        owner_id=user.pk,
        state=State.QUEUED,
        name=shown,
        engine_name=_engine_name(shown),
        file_name=_file_name(file.name or ""),
        sha256=file.sha256,
        size_bytes=file.size or 0,
        resize_pixels=resize_pixels,
        look=look,
        licence=_clean(licence, 200),
        source=_clean(source, 500),
    )
    PREPARATION.add(dataset)
    dataset.upload = upload_name(dataset.pk)
    dataset.save(update_fields=["upload"])
    file.keep(dataset.upload)
    return dataset


def download(user: AbstractBaseUser, dataset_id: int) -> Dataset:
    """Have a published data set fetched in the background."""
    require_room()
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
    _check_upload(user, dataset)
    changes: dict[str, Any] = {"resize_pixels": resize_pixels, "look": Look.NEVER}
    if resize_pixels:
        sides = ("height", "width")
        changes["answers"] = {n: v for n, v in dataset.answers.items() if n not in sides}
    return _queued(dataset, **changes)


def answer(
    user: AbstractBaseUser,
    dataset_id: int,
    given: Mapping[str, Any],
    *,
    look: str = Look.NEVER,
    attempt: int | None = None,
) -> Dataset:
    """Answers to what is asked about an upload, and choices: it is looked at again with them.

    Args:
        given: laid over the answers before; null takes one back.
        look: when its owner is shown what was read then.
        attempt: which reading they are about; another since then refuses them.
    """
    dataset = visible_dataset(user, dataset_id)
    if dataset.is_built_in:
        raise ProductError("Nothing is asked about a published data set.", "conflict")
    _check_upload(user, dataset)
    if attempt not in (None, dataset.attempt):
        sentence = "It has been looked at again meanwhile. Look at what was read, and answer again."
        raise ProductError(sentence, "conflict")
    with engine_errors_as_product_errors():
        answers = laid_over(dataset, given)
    return _queued(dataset, answers=answers, look=look, resize_pixels=None)


def _check_upload(user: AbstractBaseUser, dataset: Dataset) -> None:
    if not may_change(user, dataset):
        raise ProductError("Only its owner may prepare this data set again.", "forbidden")
    if not dataset.upload:
        raise ProductError("Its upload is no longer kept. Upload it again.", "conflict")


def cancel(user: AbstractBaseUser, dataset_id: int) -> Dataset:
    """Give a preparation up, or a download."""
    dataset = visible_dataset(user, dataset_id)
    if not dataset.is_built_in and not may_change(user, dataset):
        raise ProductError("Only its owner may cancel this preparation.", "forbidden")
    PREPARATION.cancel(dataset.pk)
    dataset.refresh_from_db()
    return dataset


def freed_bytes(user: AbstractBaseUser, dataset_id: int) -> int:
    """What deleting an upload frees."""
    return stored_bytes(dataset_folder(_deletable(user, dataset_id).pk))


def _deletable(user: AbstractBaseUser, dataset_id: int) -> Dataset:
    dataset = visible_dataset(user, dataset_id)
    if not may_change(user, dataset):
        raise ProductError("Published data sets cannot be deleted.", "forbidden")
    return dataset


def delete(user: AbstractBaseUser, dataset_id: int) -> None:
    """Delete an upload with its files, unless a search uses it."""
    dataset = _deletable(user, dataset_id)
    try:
        dataset.delete()
    except ProtectedError as error:
        raise ProductError(_in_use(dataset, error), "conflict") from error
    except IntegrityError as error:  # it began between the look and the deletion
        raise ProductError("A search has just begun to use this data set.", "conflict") from error


def _queued(dataset: Dataset, **changes: Any) -> Dataset:
    if not PREPARATION.again(dataset, IDLE, **changes):
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


def _clean(text: str, longest: int = MAX_NAME) -> str:
    """Composed letters, no control characters, single spaces, not too long."""
    composed = unicodedata.normalize("NFC", text)
    printable = "".join(letter if letter.isprintable() else " " for letter in composed)
    return " ".join(printable.split())[:longest].strip()


def _file_name(text: str) -> str:
    """The last part of what a browser called the file."""
    return _clean(PureWindowsPath(text).name, 200) or "upload.zip"


def _name_from(text: str) -> str:
    """A data set's name where the user gave none."""
    stem = PureWindowsPath(PureWindowsPath(_file_name(text)).stem)
    if stem.suffix.lower() in ENDINGS:  # such as .tar.gz
        stem = PureWindowsPath(stem.stem)
    return _clean(stem.name.replace("_", " ")) or "Images"


def _engine_name(name: str) -> str:
    """What a search config calls an upload: readable, and different from every other."""
    return f"{slugify(name)[:60] or 'images'}-{secrets.token_hex(4)}"
