"""Data sets for workers: read in a process of their own, kept, and loaded. Imports torch."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from django.core.files.storage import default_storage
from django.utils import timezone

from search_engine.data import Dataset as Images
from search_engine.data import load_dataset
from search_engine.data.stored import STORED_DATASET, stored_dataset
from search_engine.spec.errors import DatasetError
from search_engine.spec.pictures import CANNOT_BE_USED, Report
from search_engine.spec.pictures_text import hint_of
from webapp.accounts import quota
from webapp.datasets import files
from webapp.datasets.answers import asked_after, of_upload
from webapp.datasets.models import Dataset
from webapp.errors import ProductError
from webapp.storage import folders
from webapp.storage.local import is_disk, local, scratch
from webapp.work import process
from webapp.work.causes import WorkDelayed
from webapp.work.runner import Hold, WorkRefused, WorkStopped

READ = "webapp.datasets.child:read"
NO_NETWORK = (
    ". If this server has no way to the Internet, put the files into the folder datasets of"
    " ESPALIER_VAR by hand, and try again."
)


def prepare(dataset: Dataset, hold: Hold[Dataset]) -> None:
    """Read a data set, and keep what was read; or ask its owner about it first."""
    with scratch() as folder, upload_here(dataset) as upload:
        try:
            reading = process.run(READ, reading_request(dataset, folder, upload), hold)
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
    place = _stored(folder, files.survey_folder(dataset.pk, hold.token))
    try:
        hold.ask(surveyed=place, **columns)
    except WorkStopped:
        folders.delete(place)
        raise
    if dataset.surveyed:
        folders.delete(dataset.surveyed)


def _is_answerable(dataset: Dataset) -> bool:
    """Whether what was read before can be looked at, and answered otherwise."""
    report = dataset.report
    return bool(report) and Report.from_json(report).status != CANNOT_BE_USED


@contextmanager
def upload_here(dataset: Dataset) -> Iterator[Path | None]:
    """An upload's archive on this machine, while it is read."""
    if dataset.is_built_in:
        yield None
        return
    place, _, name = dataset.upload.rpartition("/")
    with ExitStack() as stack:
        try:
            path = stack.enter_context(local(place, [name]))
        except FileNotFoundError:
            sentence = f"{dataset.file_name}: The upload is gone. Upload it again."
            raise WorkRefused(sentence, "files") from None
        yield path / name


def reading_request(dataset: Dataset, folder: Path, upload: Path | None) -> dict[str, Any]:
    """What the reader is asked to do.

    Args:
        folder: that it writes into.
        upload: the archive; none of a published data set.
    """
    if dataset.is_built_in:
        return {
            "kind": "built_in",
            "folder": str(folder),
            "name": dataset.engine_name,
            "library": str(files.library_folder()),
            "download": not dataset.on_disk,
            "store": not is_disk() and dataset.downloadable,
        }
    return {
        "kind": "upload",
        "folder": str(folder),
        "path": str(upload),
        "shown_name": dataset.file_name,
        "answers": of_upload(dataset),
        "look": dataset.look,
        "limit_files": files.FILES_LIMIT,
        "limit_bytes": files.unpacked_limit_bytes(),
    }


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
    """Bytes of all images: one for each pixel and channel."""
    count: int = facts["image_count"] * facts["image_channels"]
    return count * int(facts["image_height"]) * int(facts["image_width"])


def keep(dataset: Dataset, hold: Hold[Dataset], folder: Path, facts: dict[str, Any]) -> None:
    """Put the files into the storage; they count unless another attempt has begun meanwhile."""
    place = _stored(folder, files.prepared_folder(dataset.pk, hold.token))
    completed = hold.complete(
        prepared=place,
        upload="",
        surveyed="",
        classes=len(facts["class_names"]),
        size_bytes=_pixels(facts),
        on_disk=True,
        prepared_at=timezone.now(),
        **facts,
    )
    home = files.dataset_folder(dataset.pk)
    if not completed:
        is_there = Dataset.objects.filter(pk=dataset.pk).exists()
        folders.delete(place if is_there else home)
        return
    for other in folders.folders_in(home):
        if f"{home}/{other}" != place:
            folders.delete(f"{home}/{other}")
    for name in folders.names_in(home):
        default_storage.delete(f"{home}/{name}")


def _stored(folder: Path, place: str) -> str:
    folders.put(folder, place, sorted(path.name for path in folder.iterdir()), move=True)
    return place


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
            return _load_published(dataset)
        if not dataset.prepared:
            raise DatasetError(dataset.name, "has not been prepared yet")
        with local(dataset.prepared, [STORED_DATASET]) as folder:
            return stored_dataset(folder, name=dataset.name, source=dataset.file_name)
    except (DatasetError, FileNotFoundError) as error:
        raise WorkDelayed(
            f"The images of “{dataset.name}” cannot be read. Put their files back from a backup, or"
            " prepare the data set again."
        ) from error


def _load_published(dataset: Dataset) -> Images:
    """The images on this machine, or those that another one has downloaded and stored."""
    try:
        return load_dataset(dataset.engine_name, folder=files.library_folder())
    except DatasetError:
        if is_disk() or not dataset.prepared:
            raise
        with local(dataset.prepared, [STORED_DATASET]) as folder:
            return stored_dataset(folder)
