"""A checkpoint as a zip that is at home anywhere: weights, architecture, metrics, hashes, a script.

Stored, not deflated: weights do not shrink, and a file of known length can be sent in ranges.
"""

import hashlib
import io
import json
import re
import tempfile
import zipfile
from pathlib import Path
from typing import IO, Any

from django.core.files.storage import default_storage
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from webapp.searches import files
from webapp.searches.models import Checkpoint

MOMENT = (2000, 1, 1, 0, 0, 0)
"""Of every file in the zip: the same checkpoint gives the same bytes, or a range would be torn."""

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
            archive.writestr(zipfile.ZipInfo(f"{_stem(checkpoint)}/{name}", MOMENT), data)
    target.seek(0)
    return target


def response(request: HttpRequest, checkpoint: Checkpoint) -> HttpResponseBase:
    """The zip, or the range of it that the browser lacks."""
    target = zip_of(checkpoint)
    size = target.seek(0, io.SEEK_END)
    target.seek(0)
    etag = f'"{checkpoint.sha256}"'
    wanted = _range(request, size, etag)
    answer: HttpResponseBase
    if wanted is None:
        answer = FileResponse(target, as_attachment=True, filename=f"{_stem(checkpoint)}.zip")
    elif wanted[0] >= size or wanted[0] > wanted[1]:
        answer = HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    else:
        answer = _part(target, wanted, size)
    answer["Accept-Ranges"], answer["ETag"] = "bytes", etag
    return answer


def _part(target: IO[bytes], wanted: tuple[int, int], size: int) -> HttpResponse:
    first, last = wanted
    target.seek(first)
    answer = HttpResponse(target.read(last - first + 1), status=206, content_type="application/zip")
    answer["Content-Range"] = f"bytes {first}-{last}/{size}"
    return answer


def _range(request: HttpRequest, size: int, etag: str) -> tuple[int, int] | None:
    """First and last byte asked for; None for all. One range only, as browsers ask."""
    match = re.fullmatch(r"bytes=(\d{0,15})-(\d{0,15})", request.headers.get("Range", ""))
    unchanged = request.headers.get("If-Range", etag) == etag
    if not match or not unchanged or match.group(0) == "bytes=-":
        return None
    first, last = match.groups()
    if not first:
        return max(0, size - int(last)), size - 1
    return int(first), min(int(last), size - 1) if last else size - 1


def _contents(checkpoint: Checkpoint) -> dict[str, bytes]:
    contents = {}
    for name in files.NAMES:
        with default_storage.open(f"{checkpoint.folder}/{name}") as file:
            contents[name] = file.read()
    contents["metrics.json"] = (json.dumps(_metrics(checkpoint), indent=2) + "\n").encode()
    contents["load.py"] = SCRIPT.read_bytes()
    return contents


def _metrics(checkpoint: Checkpoint) -> dict[str, Any]:
    trial = checkpoint.trial
    found: dict[str, Any] = {"search": checkpoint.search.name, "accuracy": checkpoint.accuracy}
    if trial is not None:
        for name in ("number", "notation", "reward", "parameters", "multiply_adds", "curve"):
            found[name] = getattr(trial, name)
    return found


def _stem(checkpoint: Checkpoint) -> str:
    trial = checkpoint.trial
    part = f"trial-{trial.number}" if trial is not None else "start-network"
    return f"espalier-search-{checkpoint.search_id}-{part}"
