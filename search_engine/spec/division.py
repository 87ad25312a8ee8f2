"""How many images are held out, in proportion to a set."""

from dataclasses import replace

from search_engine.spec.search_config import DataConfig

VALIDATION, CALIBRATION = 8, 25
"""One of so many images is held out to select by, and for batch norms and distillation."""


def in_proportion(data: DataConfig, images: int, classes: int) -> DataConfig:
    """The division with no more held out than its share of a set.

    Args:
        data: what is held out of a set that is large enough.
        images: of the set, test images included.
        classes: of which each is measured by one image at least, where there are as many.
    """
    least = max(1, min(classes, images // 10))
    return replace(
        data,
        validation=max(least, min(data.validation, images // VALIDATION)),
        calibration=max(1, min(data.calibration, images // CALIBRATION)),
    )
