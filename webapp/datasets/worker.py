"""Data sets for workers: read in a process of their own, kept, and loaded. Imports torch."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.utils import timezone

from search_engine.data import Dataset as Images
from search_engine.data import load_dataset
from search_engine.data.stored import stored_dataset
from search_engine.spec.errors import DatasetError
from search_engine.spec.pictures import CANNOT_BE_USED, Report
from search_engine.spec.pictures_text import hint_of
from webapp.accounts import quota
from webapp.datasets import files
from webapp.datasets.answers import asked_after, of_upload
from webapp.datasets.models import Dataset
from webapp.errors import ProductError
from webapp.work import process
from webapp.work.causes import WorkDelayed
from webapp.work.runner import Hold, WorkRefused

READ = "webapp.datasets.child:read"
NO_NETWORK = (
    ". If this server has no way to the Internet, put the files into the folder datasets of"
    " ESPALIER_VAR by hand, and try again."
)


def prepare(dataset: Dataset, hold: Hold[Dataset]) -> None:
    """Read a data set, and keep what was read; or ask its owner about it first."""
    with working_folder(dataset, hold.token) as folder:
        try:
            reading = process.run(READ, reading_request(dataset, folder), hold)
        except WorkRefused as refused:
            raise WorkRefused(_with_advice(str(refused), refused.code), refused.code) from None
        if reading["facts"] is not None:
            _check_quota(dataset, reading["facts"])
            keep(dataset, hold, folder, {**reading["facts"], "report": reading["report"]})
        else:
            ask(dataset, hold, folder, reading["report"])


def ask(dataset: Dataset, hold: Hold[Dataset], folder: Path, found: dict[str, Any]) -> None:
    """Show the owner what was read, with what must be answered first.

    Raises:
        WorkRefused: it cannot be used; what was read before that is still shown.
    """
    report, answers = Report.from_json(found), dataset.answers
    refused = report.status == CANNOT_BE_USED
    columns: dict[str, Any] = {}
    if not (refused and _is_answerable(dataset)):
        columns = {"report": found, "asked": asked_after(dataset.asked, answers, report)}
    if found["classes"] and not (answers.get("renamed") or answers.get("left_out")):
        columns["classes_found"] = found["classes"]
    if refused:
        hold.tell({}, {}, force=True, **columns)
        fault = report.faults[0]
        raise WorkRefused(f"{fault.file}: {fault.text}", fault.code)
    hold.ask(then=lambda _: _moved(folder, files.survey_folder(dataset.pk)), **columns)


def _is_answerable(dataset: Dataset) -> bool:
    """Whether what was read before can be looked at, and answered otherwise."""
    report = dataset.report
    return bool(report) and Report.from_json(report).status != CANNOT_BE_USED


def reading_request(dataset: Dataset, folder: Path) -> dict[str, Any]:
    """What the reader is asked to do."""
    if dataset.is_built_in:
        return {
            "kind": "built_in",
            "folder": str(folder),
            "name": dataset.engine_name,
            "library": str(files.library_folder()),
            "download": not dataset.on_disk,
        }
    return {
        "kind": "upload",
        "folder": str(folder),
        "path": str(files.upload_path(dataset.pk)),
        "shown_name": dataset.file_name,
        "answers": of_upload(dataset),
        "look": dataset.look,
        "limit_files": files.FILES_LIMIT,
        "limit_bytes": files.unpacked_limit_bytes(),
    }


@contextmanager
def working_folder(dataset: Dataset, attempt: int) -> Iterator[Path]:
    """A folder of this attempt alone; what earlier attempts left behind goes."""
    home = files.dataset_folder(dataset.pk)
    for left in home.glob("attempt-*"):
        shutil.rmtree(left, ignore_errors=True)
    folder = home / f"attempt-{attempt}"
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if not Dataset.objects.filter(pk=dataset.pk).exists():
            shutil.rmtree(home, ignore_errors=True)


def _with_advice(sentence: str, code: str) -> str:
    if code == "download_failed":
        return sentence.rstrip(".") + NO_NETWORK
    return with_hint(sentence, code)


def with_hint(sentence: str, code: str) -> str:
    """The sentence, and what to do where that is known and not said yet."""
    hint = hint_of(code)
    return f"{sentence.rstrip('.')}. {hint}" if hint and hint not in sentence else sentence


def _check_quota(dataset: Dataset, facts: dict[str, Any]) -> None:
    """Images may take a thousand times what their zip did."""
    if dataset.owner_id is None:
        return
    try:
        quota.check(dataset.owner_id, _pixels(facts) - dataset.size_bytes)
    except ProductError as refused:
        raise WorkRefused(refused.message, refused.code) from None


def _pixels(facts: dict[str, Any]) -> int:
    """Of all images and channels: a byte each."""
    count: int = facts["image_count"] * facts["image_channels"]
    return count * int(facts["image_height"]) * int(facts["image_width"])


def keep(dataset: Dataset, hold: Hold[Dataset], folder: Path, facts: dict[str, Any]) -> None:
    """Move the files into place, unless another attempt has begun meanwhile."""
    completed = hold.complete(
        then=lambda _: _moved(folder, files.prepared_folder(dataset.pk)),
        classes=len(facts["class_names"]),
        size_bytes=_pixels(facts),
        on_disk=True,
        prepared_at=timezone.now(),
        **facts,
    )
    if completed:
        files.upload_path(dataset.pk).unlink(missing_ok=True)
        shutil.rmtree(files.survey_folder(dataset.pk), ignore_errors=True)


def _moved(folder: Path, place: Path) -> None:
    if folder.exists():  # else it was moved before the database broke off
        shutil.rmtree(place, ignore_errors=True)
        folder.replace(place)


def load(dataset_id: int) -> Images:
    """The images of the data set with this id.

    Raises:
        DatasetError: there is no such data set.
        WorkDelayed: its files are not there, or damaged.
    """
    dataset = Dataset.objects.filter(pk=dataset_id).first()
    if dataset is None:
        raise DatasetError(f"data set {dataset_id}", "has been deleted")
    return load_images(dataset)


def load_images(dataset: Dataset) -> Images:
    """The images of this row.

    Raises:
        WorkDelayed: its files are not there, or damaged.
    """
    try:
        if dataset.is_built_in:
            return load_dataset(dataset.engine_name, folder=files.library_folder())
        if dataset.prepared_at is None:
            raise DatasetError(dataset.name, "has not been prepared yet")
        folder = files.prepared_folder(dataset.pk)
        return stored_dataset(folder, name=dataset.name, source=dataset.file_name)
    except DatasetError as error:
        raise WorkDelayed(
            f"The images of “{dataset.name}” cannot be read. Put their files back from a backup, or"
            " prepare the data set again."
        ) from error
