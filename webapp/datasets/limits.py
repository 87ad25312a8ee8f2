"""How much may be uploaded, from the environment."""

from webapp import env

GIB = 1 << 30


def upload_limit_bytes() -> int:
    """The largest zip: ESPALIER_UPLOAD_LIMIT_BYTES."""
    return env.integer("ESPALIER_UPLOAD_LIMIT_BYTES", 2 * GIB, at_least=1 << 16, at_most=1024 * GIB)


def unpacked_limit_bytes() -> int:
    """The most bytes of unpacked files, and of decoded images: ESPALIER_UNPACKED_LIMIT_BYTES."""
    return env.integer(
        "ESPALIER_UNPACKED_LIMIT_BYTES", 4 * GIB, at_least=1 << 16, at_most=1024 * GIB
    )


def preparation_limit_seconds() -> int:
    """How long a download or a preparation may take: ESPALIER_PREPARATION_LIMIT_SECONDS."""
    return env.integer(
        "ESPALIER_PREPARATION_LIMIT_SECONDS", 2 * 3600, at_least=1, at_most=7 * 86_400
    )


FILES_LIMIT = 500_000
"""The most files and folders in a zip."""
RESIZE_PIXELS = (16, 28, 32, 48, 64, 96, 128, 160, 224)
"""Sides that images may be resized to."""
