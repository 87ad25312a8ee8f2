"""A file as an answer, whole or the range of it that the browser lacks. One range only, as browsers
ask for it."""

import io
import re
from typing import IO

from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase


def ranged(
    request: HttpRequest, target: IO[bytes], *, etag: str, name: str, content_type: str
) -> HttpResponseBase:
    """The answer that sends a file, or goes on where a download broke off.

    Args:
        request: with `Range` and `If-Range`, where it has any.
        target: can be sought in; the answer closes it.
        etag: of the content, without quotes.
        name: that the browser saves it under.
    """
    size = target.seek(0, io.SEEK_END)
    target.seek(0)
    quoted = f'"{etag}"'
    wanted = _range(request, size, quoted)
    answer: HttpResponseBase
    if wanted is None:
        answer = FileResponse(target, as_attachment=True, filename=name, content_type=content_type)
    elif wanted[0] >= size or wanted[0] > wanted[1]:
        target.close()
        answer = HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    else:
        answer = _part(target, wanted, size, content_type)
    answer["Accept-Ranges"], answer["ETag"] = "bytes", quoted
    return answer


def _part(target: IO[bytes], wanted: tuple[int, int], size: int, content_type: str) -> HttpResponse:
    first, last = wanted
    with target:
        target.seek(first)
        content = target.read(last - first + 1)
    answer = HttpResponse(content, status=206, content_type=content_type)
    answer["Content-Range"] = f"bytes {first}-{last}/{size}"
    return answer


def _range(request: HttpRequest, size: int, etag: str) -> tuple[int, int] | None:
    """First and last byte asked for; None for all."""
    match = re.fullmatch(r"bytes=(\d{0,15})-(\d{0,15})", request.headers.get("Range", ""))
    unchanged = request.headers.get("If-Range", etag) == etag
    if not match or not unchanged or match.group(0) == "bytes=-":
        return None
    first, last = match.groups()
    if not first:
        return max(0, size - int(last)), size - 1
    return int(first), min(int(last), size - 1) if last else size - 1
