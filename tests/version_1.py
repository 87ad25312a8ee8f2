"""Files as version 1 wrote them: `tests/fixtures/v1/make.py` says which, and made them."""

import tarfile
from pathlib import Path

ARCHIVE = Path(__file__).parent / "fixtures" / "v1" / "v1.tar.xz"


def unpacked_in(folder: Path) -> Path:
    """The folder with what is in the archive: `engine`, `embedded`, `servers`."""
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder, filter="data")
    return folder
