"""Room on the disk under ESPALIER_VAR: while it is short nothing begins, and nothing is lost."""

import shutil

from django.conf import settings

from webapp.errors import ProductError

FULL = (
    "The disk of this server is nearly full. Delete searches, checkpoints or data sets that nobody"
    " needs, or ask its administrator for room."
)


def free_bytes() -> int:
    """How much may still be written."""
    return shutil.disk_usage(settings.VAR).free


def is_short() -> bool:
    """Whether less is free than is kept for what runs already."""
    return free_bytes() < settings.MIN_FREE_BYTES


def require_room(more_bytes: int = 0) -> None:
    """Refuse what would take more of a disk that is nearly full, or would be with so much more."""
    if free_bytes() - more_bytes < settings.MIN_FREE_BYTES:
        raise ProductError(FULL, "disk_full")
