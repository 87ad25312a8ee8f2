"""A checkpoint wherever it is: a folder, or the zip that the application gives.

Of a zip only the two files that belong to a checkpoint are taken out, into a folder that is removed
afterwards; names in the archive choose no path on the disk.
"""

import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from search_engine.architecture.documents import MAX_DOCUMENT_BYTES
from search_engine.checkpoint import DESCRIPTION, WEIGHTS
from search_engine.errors import CheckpointError

MAX_WEIGHTS_BYTES = 16 * 2**30
_ELSEWHERE = {
    ".onnx": "an ONNX network: run it with onnxruntime",
    ".pt2": "a torch.export program: load it with torch.export.load",
    ".py": "a generated network: import it, and call its load()",
}


@contextmanager
def opened(path: Path) -> Iterator[Path]:
    """The folder of a checkpoint, while the `with` lasts.

    Args:
        path: a folder with a checkpoint's two files, or a zip that holds them.

    Raises:
        CheckpointError: there is nothing, or something else, or the zip is damaged or too large.
    """
    if path.is_dir() or not path.exists():
        yield path  # what is missing is named by who reads it
        return
    if path.suffix in _ELSEWHERE:
        raise CheckpointError(str(path), f"expected a checkpoint, got {_ELSEWHERE[path.suffix]}")
    with tempfile.TemporaryDirectory(prefix="espalier-") as folder:
        try:
            with zipfile.ZipFile(path) as archive:
                _extract(archive, path, Path(folder))
        except (zipfile.BadZipFile, zlib.error, RuntimeError, OSError, EOFError) as error:
            reason = f"expected a checkpoint's folder or zip: {error}"
            raise CheckpointError(str(path), reason) from None
        yield Path(folder)


def _extract(archive: zipfile.ZipFile, path: Path, folder: Path) -> None:
    found = [name for name in archive.namelist() if PurePosixPath(name).name == DESCRIPTION]
    if len(found) != 1:
        raise CheckpointError(str(path), f"expected one {DESCRIPTION} in it, got {len(found)}")
    beside = PurePosixPath(found[0]).parent
    for name, limit in ((DESCRIPTION, MAX_DOCUMENT_BYTES), (WEIGHTS, MAX_WEIGHTS_BYTES)):
        try:
            member = archive.getinfo(str(beside / name))
        except KeyError:
            raise CheckpointError(str(path), f"{name} is missing beside {DESCRIPTION}") from None
        if member.file_size > limit:
            raise CheckpointError(str(path), f"{name} is larger than {limit:,} bytes")
        # zipfile reads no more than the declared size, so the limit holds.
        with archive.open(member) as source, (folder / name).open("wb") as target:
            shutil.copyfileobj(source, target)
