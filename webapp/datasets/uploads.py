"""An upload goes to disk as it arrives, chunk by chunk; too much is refused on the way."""

import hashlib
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest

from webapp.datasets.files import incoming_folder, upload_limit_bytes
from webapp.disk import require_room
from webapp.errors import ProductError
from webapp.storage import folders

FIELD = "file"
DISK_FULL = "The server cannot keep this file: its disk may be full. Tell its administrator."
LEFT_SECONDS = 86_400
FORM_BYTES = 1 << 20
"""What a form may hold beside the file."""


class StreamedFile(UploadedFile):  # type: ignore[type-arg]  # not subscriptable when it runs
    """A file on disk that goes away when it is closed, unless it has been kept.

    Its folder is on the disk of the storage, where that has one: keeping it moves no bytes.
    """

    def __init__(self, name: str, content_type: str | None) -> None:
        folder = incoming_folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._on_disk = tempfile.NamedTemporaryFile(suffix=".upload", dir=folder)  # noqa: SIM115
        super().__init__(self._on_disk, name, content_type or "", 0)
        self._sha256 = hashlib.sha256()

    @property
    def path(self) -> Path:
        return Path(self._on_disk.name)

    @property
    def sha256(self) -> str:
        return self._sha256.hexdigest()

    def append(self, chunk: bytes) -> None:
        self._on_disk.write(chunk)
        self._sha256.update(chunk)
        self.size = (self.size or 0) + len(chunk)

    def temporary_file_path(self) -> str:
        """Whence a storage on this disk may move it."""
        return str(self.path)

    def keep(self, name: str) -> None:
        """Put it into the storage, and close it."""
        self._on_disk.flush()
        folders.put_file(self, name)
        self.close()

    def close(self) -> None:
        with suppress(FileNotFoundError):  # it has been kept
            self._on_disk.close()


class StreamToDisk(FileUploadHandler):
    """Takes one file of the form, up to the limit; other files are left out."""

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self.limit_bytes = upload_limit_bytes()
        self.taken: StreamedFile | None = None

    def handle_raw_input(
        self,
        input_data: Any,
        META: dict[str, str],  # noqa: N803 - Django calls it so
        content_length: int,
        boundary: Any,
        encoding: str | None = None,
    ) -> None:
        if content_length > self.limit_bytes + FORM_BYTES:
            raise too_large(self.limit_bytes)
        require_room(content_length)

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        if self.field_name != FIELD or self.taken is not None:
            raise SkipFile
        self.taken = StreamedFile(self.file_name or "", self.content_type)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        assert self.taken is not None
        if start + len(raw_data) > self.limit_bytes:
            self.taken.close()
            raise too_large(self.limit_bytes)
        try:
            self.taken.append(raw_data)
        except OSError as error:
            self.taken.close()
            raise ProductError(DISK_FULL, "disk_full", {FIELD: DISK_FULL}) from error

    def file_complete(self, file_size: int) -> StreamedFile | None:
        if self.taken is not None:
            self.taken.seek(0)
        return self.taken

    def upload_interrupted(self) -> None:
        if self.taken is not None:
            self.taken.close()


def stream_to_disk(request: HttpRequest) -> None:
    """From now on this request's file goes to disk. To be called before its form is looked at."""
    request.upload_handlers = [StreamToDisk(request)]


def clear_left_uploads() -> None:
    """Remove what a web process that was killed has left behind."""
    for path in incoming_folder().glob("*.upload"):
        if time.time() - path.stat().st_mtime > LEFT_SECONDS:
            path.unlink(missing_ok=True)


def too_large(limit_bytes: int) -> ProductError:
    """The refusal of an upload over the limit."""
    shown = shown_size(limit_bytes)
    sentence = f"An upload may have up to {shown}. Upload a smaller file, or fewer images."
    return ProductError(sentence, "too_large", {FIELD: sentence})


def shown_size(count: int) -> str:
    """Bytes as a sentence has them, such as 2 GB."""
    if count < 1 << 29:
        return f"{count / (1 << 20):.3g} MB"
    return f"{count / (1 << 30):.3g} GB"
