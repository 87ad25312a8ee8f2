"""What a search will come to, guessed before it is launched. No torch."""

from typing import Any

from search_engine.config import SearchConfig
from webapp.datasets.models import Dataset
from webapp.searches.documents import estimate
from webapp.searches.models import Trial
from webapp.state import State

BYTES_A_PARAMETER = 12
"""Weight, gradient and momentum, of four bytes each; activations come on top."""


def launch_estimate(config: SearchConfig, dataset: Dataset) -> dict[str, Any]:
    """Counts, exactly; the least memory of a training; and the time on one worker, where some trial
    has trained here: the time of a step is taken to grow with the multiply-adds.
    """
    found = estimate(config)
    if not found:
        return found
    found["memory"] = BYTES_A_PARAMETER * found["parameters"]
    speed = _multiply_adds_per_second()
    if speed and dataset.image_count:
        images = _training_images(config, dataset) * found["epochs"]
        found["seconds"] = images * found["multiply_adds"] / speed
    return found


def _multiply_adds_per_second() -> float | None:
    """How fast the last trial of this installation trained."""
    ended = Trial.objects.filter(state=State.COMPLETED, multiply_adds__gt=0, record__isnull=False)
    last = ended.order_by("-ended_at").only("record", "multiply_adds").first()
    if last is None or last.multiply_adds is None:
        return None
    images = ((last.record or {}).get("result") or {}).get("images_per_second") or 0.0
    return float(images) * last.multiply_adds or None


def _training_images(config: SearchConfig, dataset: Dataset) -> int:
    # The engine's own rule where the publisher names no test images: one in five.
    test = dataset.test_count or round(dataset.image_count * 0.2)
    left = dataset.image_count - test - config.data.validation - config.data.calibration
    return min(max(0, left), config.data.train_limit or max(0, left))
