"""A backup of rows and files in one tar, taken while searches run, for either database.

Rows come from one moment. Files of a disk are linked, which takes no time, those of a bucket are
copied. Whatever a row of that moment names must be among them: where a file has gone meanwhile, the
next moment is tried. A backup of a bucket can be taken back onto a disk, and the other way round.
"""

import json
import os
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, Final, cast

from django.apps import apps
from django.conf import settings
from django.core import serializers
from django.core.files import File
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Model

from search_engine.version import __version__
from webapp.checkpoints import files
from webapp.checkpoints.models import Checkpoint
from webapp.storage import folders
from webapp.storage.local import is_disk
from webapp.work import kinds
from webapp.work.kind import Reason

ROWS, MANIFEST = "rows.jsonl", "manifest.json"
FILES, TRAININGS = "files", "trainings"
KEPT: Final = (FILES, TRAININGS, "secret_key")
"""Under ESPALIER_VAR. Published data sets are fetched again, messages are said again."""
LEFT_OUT: Final = frozenset(
    (
        "admin",
        "axes",
        "contenttypes",
        "counts",
        "sessions",
        "workers",
        "auth.permission",
        "work.pulse",
    )
)
TRIES, BATCH = 5, 500


class BackupError(Exception):
    """It could not be made, or not be taken back; the sentence says what to do."""


def back_up(target: Path) -> int:
    """Write a backup; how many rows it has.

    Raises:
        BackupError: files keep disappearing.
    """
    for _ in range(TRIES):
        with TemporaryDirectory(prefix="backup-", dir=settings.VAR) as name:
            staged = Path(name)
            rows, needed = _write_rows(staged / ROWS)
            _describe(staged / MANIFEST, rows)
            _link_all(staged)
            if is_disk() and not all((staged / FILES / path).exists() for path in needed):
                continue
            if _pack(staged, target, needed):
                return rows
    raise BackupError("Files kept disappearing. See what manage.py verify_files says of them.")


def restore(source: Path) -> int:
    """Take a backup back into an installation that is empty; how many rows it has.

    Raises:
        BackupError: this one is not empty, or the backup is of another version.
    """
    call_command("migrate", interactive=False, verbosity=0)
    if any(model._default_manager.exists() for model in _models()):
        raise BackupError("There are rows already. Restore into an empty database and folder.")
    with TemporaryDirectory(prefix="restore-", dir=settings.VAR) as name:
        folder = Path(name)
        with tarfile.open(source) as archive:
            archive.extractall(folder, filter="data")
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if manifest["migrations"] != _migrations():
            raise BackupError(
                f"The backup was made by Espalier {manifest['version']}, whose tables differ."
                " Restore it with that version, and update then."
            )
        with (folder / ROWS).open(encoding="utf-8") as file:
            rows = _read_rows(file)
        _put_back(folder)
    _let_go()
    return rows


def _write_rows(path: Path) -> tuple[int, list[str]]:
    """All rows of one moment, and the files that they name."""
    count = 0
    with _one_moment(), path.open("w", encoding="utf-8") as file:
        for model in _models():
            rows = model._default_manager.order_by("pk").iterator(BATCH)
            for row in rows:
                file.write(serializers.serialize("jsonl", [row]))
                count += 1
        folders = list(Checkpoint.objects.values_list("folder", flat=True))
    return count, [f"{folder}/{name}" for folder in folders for name in files.NAMES]


@contextmanager
def _one_moment() -> Iterator[None]:
    """Reads within it see the database as it is now, and hold up nobody who writes."""
    if connection.vendor == "sqlite":
        # Not Django's transaction, which is immediate: it would lock all others out.
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


def _models() -> list[type[Model]]:
    """All whose rows are kept; which comes first does not matter within one transaction."""
    found = [
        model
        for model in apps.get_models()
        if not {model._meta.app_label, model._meta.label_lower} & LEFT_OUT and model._meta.managed
    ]
    return sorted(found, key=lambda model: model._meta.label_lower)


def _link_all(staged: Path) -> None:
    for name in KEPT:
        if not is_disk() and name in (FILES, TRAININGS):
            continue
        source = Path(settings.VAR) / name
        if name == FILES:
            source = Path(default_storage.path(""))
        if source.is_file():
            shutil.copy2(source, staged / name)
        elif source.is_dir():
            _link(source, staged / name)


def _link(source: Path, target: Path) -> None:
    """A folder whose files are the same; what disappears meanwhile is left out."""
    target.mkdir()
    try:
        entries = list(os.scandir(source))
    except FileNotFoundError:
        return
    for entry in entries:
        path = target / entry.name
        if entry.is_dir(follow_symlinks=False):
            _link(Path(entry.path), path)
        elif entry.is_file(follow_symlinks=False):
            _link_file(Path(entry.path), path)


def _link_file(source: Path, target: Path) -> None:
    try:
        target.hardlink_to(source)
    except FileNotFoundError:
        return
    except OSError:  # a storage on another disk than ESPALIER_VAR
        shutil.copy2(source, target)


def _describe(path: Path, rows: int) -> None:
    manifest = {"version": __version__, "rows": rows, "migrations": _migrations()}
    path.write_text(json.dumps(manifest), encoding="utf-8")


def _migrations() -> list[str]:
    applied = MigrationRecorder(connection).applied_migrations()
    return sorted(f"{app}.{name}" for app, name in applied)


def _pack(staged: Path, target: Path, needed: list[str]) -> bool:
    """Whole or not at all, and for nobody else to read: it holds the secret key.

    Returns:
        False where a file that is needed was no longer in the bucket.
    """
    new = target.with_name(f"{target.name}.new")
    new.touch(mode=0o600)
    with tarfile.open(new, "w") as archive:
        for name in (MANIFEST, ROWS, *KEPT):
            if (staged / name).exists():
                archive.add(staged / name, name)
        if not is_disk() and not set(needed) <= _add_bucket(archive):
            new.unlink()
            return False
    new.replace(target)
    return True


def _add_bucket(archive: tarfile.TarFile) -> set[str]:
    """All files of the bucket; their names. What disappears meanwhile is left out."""
    added = set()
    for name in folders.all_files(""):
        try:
            with default_storage.open(name) as file:
                within = name if name.startswith(f"{TRAININGS}/") else f"{FILES}/{name}"
                entry = tarfile.TarInfo(within)
                entry.size, entry.mode = file.size, 0o600
                archive.addfile(entry, cast("IO[bytes]", file))
        except FileNotFoundError:
            continue
        added.add(name)
    return added


@transaction.atomic
def _read_rows(file: IO[str]) -> int:
    """Nothing but rows: no signal tells anybody of them."""
    batch: list[Model] = []
    count = 0
    for found in serializers.deserialize("jsonl", file):
        row = found.object
        if batch and (len(batch) == BATCH or type(batch[0]) is not type(row)):
            _save(batch)
            batch = []
        batch.append(row)
        count += 1
    if batch:
        _save(batch)
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), _models()):
            cursor.execute(statement)
    return count


def _save(rows: list[Model]) -> None:
    type(rows[0])._default_manager.bulk_create(rows)


def _put_back(folder: Path) -> None:
    for name in KEPT:
        source, target = folder / name, Path(settings.VAR) / name
        if name == FILES and is_disk():
            target = Path(default_storage.path(""))
        if source.is_dir() and not is_disk():
            _put_into_bucket(source, "" if name == FILES else f"{name}/")
        elif source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        elif source.is_file():
            shutil.copy2(source, target)


def _put_into_bucket(source: Path, start: str) -> None:
    for path in source.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                folders.put_file(File(file), f"{start}{path.relative_to(source).as_posix()}")


def _let_go() -> None:
    """What workers were at waits again, at no cost: none of them is here."""
    for kind in kinds.every():
        held: Any = kind.rows._default_manager.filter(lease_until__isnull=False)
        for pk, attempt in held.values_list("pk", "attempt"):
            kind.give_back(pk, attempt, Reason.STOPPING)
