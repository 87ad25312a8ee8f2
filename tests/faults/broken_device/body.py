"""What the first worker meets that evaluates a trial, and no other."""

import os
from pathlib import Path

from django.conf import settings

from webapp.searches import worker
from webapp.searches.models import Trial
from webapp.work.runner import Hold


def evaluate(trial: Trial, hold: Hold[Trial]) -> None:
    """As ever, but for the first time."""
    met = Path(settings.VAR) / "broken"
    if not met.exists():
        met.write_text(str(os.getpid()))
        raise RuntimeError(
            "CUDA error: an illegal memory access was encountered\nCUDA kernel errors might be …"
        )
    worker.evaluate(trial, hold)
