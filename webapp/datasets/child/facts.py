"""What a page says about a data set that has been prepared. No Django here."""

from typing import TypedDict

from search_engine.data import Dataset


class Flaw(TypedDict):
    """A fault that does not forbid training, as a sentence that says what to fix."""

    code: str
    message: str


class Facts(TypedDict):
    """Counts of a data set, and what is worth fixing."""

    image_channels: int
    image_height: int
    image_width: int
    image_count: int
    test_count: int
    class_names: list[str]
    class_counts: list[int]
    warnings: list[Flaw]


def facts_of(dataset: Dataset, warnings: list[Flaw]) -> Facts:
    """Counts of a data set, with warnings that its owner can do something about."""
    channels, height, width = dataset.image_shape
    return Facts(
        image_channels=channels,
        image_height=height,
        image_width=width,
        image_count=len(dataset),
        test_count=len(dataset.test),
        class_names=list(dataset.class_names),
        class_counts=list(dataset.class_counts),
        warnings=warnings,
    )
