"""Room on the disk under ESPALIER_VAR: while it is short nothing begins, and nothing is lost."""

import shutil
from pathlib import Path

from django.conf import settings
from django.http import JsonResponse
from django.template.defaultfilters import filesizeformat

from webapp.errors import ProductError

FULL = (
    "The disk of this server is nearly full. Delete searches, checkpoints or data sets that nobody"
    " needs, or ask its administrator for room."
)


def free_bytes() -> int:
    """How much may still be written."""
    return shutil.disk_usage(settings.VAR).free


def bytes_under(*folders: Path) -> int:
    """What files in these folders of this machine's disk take."""
    return sum(_size(path) for folder in folders for path in folder.rglob("*"))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except FileNotFoundError:  # a worker has replaced it meanwhile
        return 0


def frees(count: int) -> JsonResponse:
    """What a page adds to the question whether something shall be deleted."""
    text = f"This frees {filesizeformat(count)}.".replace("\N{NO-BREAK SPACE}", " ")
    return JsonResponse({"bytes": count, "text": text})


def is_short(more_bytes: int = 0) -> bool:
    """Whether less is free than is kept for what runs already, or would be with so much more."""
    return free_bytes() - more_bytes < settings.MIN_FREE_BYTES


def require_room(more_bytes: int = 0) -> None:
    """Refuse what would take more of a disk that is nearly full, or would be with so much more."""
    if is_short(more_bytes):
        raise ProductError(FULL, "disk_full")
