"""The files of data sets: where they lie, what they are called, how large they may be. No torch.

Rows say which of them there are: the archive as it came, what was prepared, pictures of what was
read. Each attempt has folders of its own, so that two never share a file.
"""

from pathlib import Path

from django.conf import settings

from webapp import env

THUMBNAIL = "thumbnail.png"

GIB = 1 << 30
FILES_LIMIT = 500_000
"""The most files and folders in an archive."""
ENDINGS = (".zip", ".tar", ".tgz", ".tbz2", ".txz", ".tzst", ".gz", ".bz2", ".xz", ".zst")
"""Of names of archives that are read."""
RESIZE_PIXELS = (16, 28, 32, 48, 64, 96, 128, 160, 224)
"""Sides that images may be resized to."""


def dataset_folder(dataset_id: int) -> str:
    """All that is kept of one data set."""
    return f"datasets/{dataset_id}"


def prepared_folder(dataset_id: int, attempt: int) -> str:
    """The images and their samples, as one attempt has written them."""
    return f"{dataset_folder(dataset_id)}/prepared-{attempt}"


def survey_folder(dataset_id: int, attempt: int) -> str:
    """Pictures of what one attempt has read, while its owner looks at it."""
    return f"{dataset_folder(dataset_id)}/survey-{attempt}"


def upload_name(dataset_id: int) -> str:
    """The archive as it came, whatever kind it is: that is told by its content."""
    return f"{dataset_folder(dataset_id)}/upload.zip"


def incoming_folder() -> Path:
    """Where uploads go until they are complete: on the disk of the storage, which may move them."""
    return Path(settings.VAR) / "incoming"


def library_folder() -> Path:
    """Where published data sets are looked for and downloaded to."""
    return Path(settings.VAR) / "datasets"


def sample_name(class_index: int) -> str:
    """File name of a class's samples."""
    return f"class-{class_index}.png"


def fit_name(fit: str) -> str:
    """File name of samples brought to the size in this way."""
    return f"fit-{fit}.png"


def fault_name(place: int) -> str:
    """File name of what can be seen of a broken picture, by its place among the faults."""
    return f"fault-{place}.png"


def upload_limit_bytes() -> int:
    """The largest archive: ESPALIER_UPLOAD_LIMIT_BYTES."""
    return env.integer("ESPALIER_UPLOAD_LIMIT_BYTES", 2 * GIB, at_least=1 << 16, at_most=1024 * GIB)


def unpacked_limit_bytes() -> int:
    """The most bytes of unpacked files, and of decoded images: ESPALIER_UNPACKED_LIMIT_BYTES."""
    return env.integer(
        "ESPALIER_UNPACKED_LIMIT_BYTES", 4 * GIB, at_least=1 << 16, at_most=1024 * GIB
    )
