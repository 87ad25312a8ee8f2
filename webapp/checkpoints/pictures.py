"""Pictures that a browser cannot read, as a network sees them; none is kept. No torch."""

import json
import subprocess
import sys
import threading
from typing import Final

from django.conf import settings

from search_engine.spec.pictures import Rendering
from webapp.checkpoints.models import Checkpoint
from webapp.errors import ProductError
from webapp.work.process import environment

READER = "search_engine.pictures.reader"
SECONDS: Final = 30
MEMORY_BYTES: Final = 2 << 30
AT_ONCE: Final = 2
"""Pictures read at once by a web process; others wait, but no longer than one may take."""
BUSY = "This server is reading other pictures. Try it again in a minute."
TOO_SLOW = f"Reading it took longer than {SECONDS} seconds. Save it smaller, or as PNG or JPEG."

_turns = threading.BoundedSemaphore(AT_ONCE)


def seen(checkpoint: Checkpoint, content: bytes) -> bytes:
    """A picture's pixels as a checkpoint's network sees them, as a PNG.

    It is decoded in a process of its own, with limits on memory and time.

    Args:
        content: of the file, of any kind that is read.

    Raises:
        ProductError: it is no picture, or too large, or too many are being read.
    """
    request = json.dumps(_request(checkpoint))
    if not _turns.acquire(timeout=SECONDS):
        raise ProductError(BUSY, "unavailable")
    try:
        ran = subprocess.run(
            [sys.executable, "-m", READER, request],
            input=content,
            capture_output=True,
            cwd=settings.ROOT,
            env=environment(),
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise ProductError(TOO_SLOW, "unusable", fields={"file": TOO_SLOW}) from None
    finally:
        _turns.release()
    if ran.returncode:
        lines = ran.stderr.decode(errors="replace").strip().splitlines()
        why = lines[-1] if ran.returncode == 2 and lines else "could not be read"
        raise ProductError(f"The picture {why.rstrip('.')}.", "unusable", fields={"file": why})
    return ran.stdout


def _request(checkpoint: Checkpoint) -> dict[str, object]:
    image = checkpoint.skeleton.image
    if image.channels not in (1, 3):
        raise ProductError("This network takes neither grey nor coloured pictures.", "conflict")
    return {
        "shape": [image.channels, image.height, image.width],
        "rendering": checkpoint.trained_on.get("rendering", Rendering().to_json()),
        "memory_bytes": min(MEMORY_BYTES, settings.PROCESS_MEMORY_BYTES),
    }
