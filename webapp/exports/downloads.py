"""An export as a download: its one file, or a zip of its several ones."""

import tempfile
import zipfile
from typing import IO

from django.core.files.storage import default_storage
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from webapp.checkpoints.downloads import MOMENT, SPOOLED_BYTES, stem
from webapp.errors import ProductError
from webapp.exports.models import Export
from webapp.exports.selectors import file_name
from webapp.ranges import ranged
from webapp.state import State


def response(request: HttpRequest, export: Export) -> HttpResponseBase:
    """The file, or the range of it that the browser lacks."""
    if export.state != State.COMPLETED or not export.report:
        raise ProductError(
            f"This export is not there to download: it is {export.state}.", "conflict"
        )
    names = [file["name"] for file in export.report["files"]]
    is_single = len(names) == 1
    target = default_storage.open(f"{export.folder}/{names[0]}") if is_single else _zip(export)
    return ranged(
        request,
        target,
        etag=export.sha256,
        name=file_name(export),
        content_type="application/octet-stream" if is_single else "application/zip",
    )


def _zip(export: Export) -> IO[bytes]:
    """Stored, not deflated, and always the same bytes: ranges of it fit together."""
    assert export.report is not None
    target = tempfile.SpooledTemporaryFile(max_size=SPOOLED_BYTES)  # noqa: SIM115 - the response closes it
    folder, sums = f"{stem(export.checkpoint)}-{export.kind}", ""
    with zipfile.ZipFile(target, "w") as archive:
        for file in export.report["files"]:
            with default_storage.open(f"{export.folder}/{file['name']}") as content:
                archive.writestr(
                    zipfile.ZipInfo(f"{folder}/{file['name']}", MOMENT), content.read()
                )
            sums += f"{file['sha256']}  {file['name']}\n"
        archive.writestr(zipfile.ZipInfo(f"{folder}/SHA256SUMS", MOMENT), sums)
    target.seek(0)
    return target
