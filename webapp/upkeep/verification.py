"""Whether rows and files agree: what is missing, what has changed, and what no row knows of."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.utils import timezone

from webapp.adopted.models import AdoptedNetwork
from webapp.checkpoints import files
from webapp.checkpoints.models import Checkpoint, Export
from webapp.datasets.models import Dataset
from webapp.searches.models import Search
from webapp.state import FINAL_STATES, State
from webapp.storage import folders
from webapp.trainings.models import Training

CHUNK = 1 << 20
STORED_DATASET = "dataset.safetensors"
MISSING, CHANGED, UNKNOWN = "missing", "changed", "unknown"


@dataclass(frozen=True)
class Finding:
    """Where rows and files do not agree.

    Args:
        kind: `missing`, `changed` (another SHA-256 or size than the row has) or `unknown` (no row).
        path: in the storage.
        title: of what it belongs to.
    """

    kind: str
    path: str
    title: str


def verify() -> Iterator[Finding]:
    """Compare every row that has files with them. It reads all of them once."""
    for checkpoint in Checkpoint.objects.select_related("search", "trial").iterator(500):
        yield from _checkpoint(checkpoint)
    done = Export.objects.filter(state=State.COMPLETED).select_related(
        "checkpoint__search", "checkpoint__trial"
    )
    for export in done.iterator(500):
        yield from _export(export)
    for dataset in Dataset.objects.filter(owner__isnull=False).iterator(500):
        yield from _dataset(dataset)
    for network in AdoptedNetwork.objects.iterator(500):
        for name in network.files:
            if not default_storage.exists(f"{network.folder}/{name}"):
                yield Finding(MISSING, f"{network.folder}/{name}", network.name)
    yield from unknown()


def unknown() -> Iterator[Finding]:
    """Folders that no row knows of: left by what was killed in their midst."""
    for place, rows in (
        ("searches", Search),
        ("datasets", Dataset),
        ("start-networks", AdoptedNetwork),
        ("trainings", Training),
    ):
        ids = set(rows._default_manager.values_list("pk", flat=True))
        for name in folders.folders_in(place):
            if name.isdecimal() and int(name) not in ids:
                yield Finding(UNKNOWN, f"{place}/{name}", "")
    known = set(Checkpoint.objects.values_list("folder", flat=True))
    for pk in Search.objects.filter(state__in=FINAL_STATES).values_list("pk", flat=True):
        for part in folders.folders_in(files.search_folder(pk)):
            inside = f"{files.search_folder(pk)}/{part}"
            if inside not in known and not _is_training(pk):
                for name in folders.folders_in(inside):
                    if f"{inside}/{name}" not in known:
                        yield Finding(UNKNOWN, f"{inside}/{name}", "")
    busy = set(
        AdoptedNetwork.objects.filter(state__in=[State.QUEUED, State.RUNNING]).values_list(
            "pk", flat=True
        )
    )
    for name in folders.folders_in("checkpoints"):
        of = name.split("-")[1] if name.count("-") == 2 else ""
        if f"checkpoints/{name}" not in known and not (of.isdecimal() and int(of) in busy):
            yield Finding(UNKNOWN, f"checkpoints/{name}", "")


def delete_unknown() -> list[Finding]:
    """Delete what no row knows of; what was deleted."""
    found = list(unknown())
    for one in found:
        folders.delete(one.path)
    return found


def keep_report(findings: list[Finding]) -> None:
    """Keep a report for the page of administrators."""
    report = {"at": timezone.now().isoformat(), "findings": [asdict(one) for one in findings]}
    _report_path().write_text(json.dumps(report), encoding="utf-8")


def last_report() -> dict[str, Any] | None:
    """What `manage.py verify_files` found last, and when; None where it never ran."""
    try:
        found: dict[str, Any] = json.loads(_report_path().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found


def _checkpoint(checkpoint: Checkpoint) -> Iterator[Finding]:
    title = checkpoint.title
    weights, description = (f"{checkpoint.folder}/{name}" for name in files.NAMES)
    yield from _file(weights, title, checkpoint.sha256, checkpoint.bytes)
    if not default_storage.exists(description):
        yield Finding(MISSING, description, title)


def _export(export: Export) -> Iterator[Finding]:
    title = f"{export.get_kind_display()} of {export.checkpoint.title}"
    for file in (export.report or {}).get("files", []):
        path = f"{export.folder}/{file['name']}"
        yield from _file(path, title, file["sha256"], file.get("bytes"))


def _dataset(dataset: Dataset) -> Iterator[Finding]:
    images = f"{dataset.prepared}/{STORED_DATASET}"
    if dataset.prepared and not default_storage.exists(images):
        yield Finding(MISSING, images, dataset.name)
    if dataset.upload:
        yield from _file(dataset.upload, dataset.name, dataset.sha256, None)


def _is_training(search_id: int) -> bool:
    """Whether a worker may be about to store something of a search that has ended."""
    under_way = [State.QUEUED, State.RUNNING]
    return Training.objects.filter(search=search_id, state__in=under_way).exists()


def _file(path: str, title: str, sha256: str, size: int | None) -> Iterator[Finding]:
    try:
        with default_storage.open(path) as file:
            digest, found = hashlib.sha256(), 0
            for chunk in file.chunks(CHUNK):
                digest.update(chunk)
                found += len(chunk)
    except FileNotFoundError:
        yield Finding(MISSING, path, title)
        return
    if digest.hexdigest() != sha256 or size not in (None, found):
        yield Finding(CHANGED, path, title)


def _report_path() -> Path:
    return Path(settings.VAR) / "verified.json"
