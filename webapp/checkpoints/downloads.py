"""Checkpoints and exports as downloads.

A checkpoint is a zip that is at home anywhere: weights, architecture, metrics, hashes, a script.

Stored, not deflated: weights do not shrink, and a file of known length can be sent in ranges.
"""

import hashlib
import json
import tempfile
import zipfile
from pathlib import Path
from typing import IO, Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from webapp.api.ranges import ranged
from webapp.checkpoints import files
from webapp.checkpoints.models import Checkpoint, Export, Origin
from webapp.errors import ProductError
from webapp.state import State
from webapp.storage.local import opened

MOMENT = (2000, 1, 1, 0, 0, 0)
"""Time of every file in a zip: the same checkpoint gives the same bytes, so that ranges fit."""

SCRIPT = Path(__file__).with_name("load.py.txt")
SPOOLED_BYTES = 8 * 1024 * 1024


def zip_of(checkpoint: Checkpoint) -> IO[bytes]:
    """The zip, in memory if small, at its beginning."""
    target = tempfile.SpooledTemporaryFile(max_size=SPOOLED_BYTES)  # noqa: SIM115 - the response closes it
    contents = _contents(checkpoint)
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in contents.items()}
    contents["SHA256SUMS"] = "".join(f"{h}  {name}\n" for name, h in hashes.items()).encode()
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in contents.items():
            archive.writestr(zipfile.ZipInfo(f"{stem(checkpoint)}/{name}", MOMENT), data)
    target.seek(0)
    return target


def response(request: HttpRequest, checkpoint: Checkpoint) -> HttpResponseBase:
    """The zip, or the range of it that the browser lacks."""
    return ranged(
        request,
        zip_of(checkpoint),
        etag=checkpoint.sha256,
        name=f"{stem(checkpoint)}.zip",
        content_type="application/zip",
    )


def export_response(request: HttpRequest, export: Export) -> HttpResponseBase:
    """The file, or the range of it that the browser lacks."""
    if export.state != State.COMPLETED or not export.report:
        raise ProductError(
            f"This export is not there to download: it is {export.state}.", "conflict"
        )
    names = [file["name"] for file in export.report["files"]]
    is_single = len(names) == 1
    target = opened(f"{export.folder}/{names[0]}") if is_single else _zip_of_export(export)
    return ranged(
        request,
        target,
        etag=export.sha256,
        name=export_file_name(export),
        content_type="application/octet-stream" if is_single else "application/zip",
    )


def stem(checkpoint: Checkpoint) -> str:
    """What files of it are called, without ending."""
    if checkpoint.search_id is None:
        return f"espalier-checkpoint-{checkpoint.pk}"
    parts = {
        Origin.START: "start-network",
        Origin.TRIAL: f"trial-{checkpoint.trial.number if checkpoint.trial else 0}",
    }
    part = parts.get(Origin(checkpoint.origin), f"{checkpoint.origin}-{checkpoint.pk}")
    return f"espalier-search-{checkpoint.search_id}-{part}"


def export_file_name(export: Export) -> str:
    """The name of the download: a single file keeps its ending, several come as a zip."""
    names = [file["name"] for file in (export.report or {}).get("files", [])]
    ending = names[0].rpartition(".")[2] if len(names) == 1 else "zip"
    return f"{stem(export.checkpoint)}-{export.name}.{ending}"


def _contents(checkpoint: Checkpoint) -> dict[str, bytes]:
    contents = {}
    for name in files.NAMES:
        with opened(f"{checkpoint.folder}/{name}") as file:
            contents[name] = file.read()
    contents["metrics.json"] = (json.dumps(_metrics(checkpoint), indent=2) + "\n").encode()
    contents["load.py"] = SCRIPT.read_bytes()
    return contents


def _metrics(checkpoint: Checkpoint) -> dict[str, Any]:
    trial, search = checkpoint.trial, checkpoint.search
    found: dict[str, Any] = {
        "search": search.name if search else None,
        "accuracy": checkpoint.accuracy,
        "parameters": checkpoint.parameters,
        "multiply_adds": checkpoint.multiply_adds,
    }
    if trial is not None:
        found |= {name: getattr(trial, name) for name in ("number", "notation", "reward", "curve")}
    return found


def _zip_of_export(export: Export) -> IO[bytes]:
    """Stored, not deflated, and always the same bytes: ranges of it fit together."""
    assert export.report is not None
    target = tempfile.SpooledTemporaryFile(max_size=SPOOLED_BYTES)  # noqa: SIM115 - the response closes it
    folder, sums = f"{stem(export.checkpoint)}-{export.name}", ""
    with zipfile.ZipFile(target, "w") as archive:
        for file in export.report["files"]:
            with opened(f"{export.folder}/{file['name']}") as content:
                archive.writestr(
                    zipfile.ZipInfo(f"{folder}/{file['name']}", MOMENT), content.read()
                )
            sums += f"{file['sha256']}  {file['name']}\n"
        archive.writestr(zipfile.ZipInfo(f"{folder}/SHA256SUMS", MOMENT), sums)
    target.seek(0)
    return target
