"""Reading what people type: cells, image shapes, lists of numbers."""

import argparse
from pathlib import Path

from search_engine.architecture import (
    NAMED_CELLS,
    Cell,
    ImageShape,
    SkeletonConfig,
    cell_from_text,
    parse_cell,
)
from search_engine.architecture.documents import MAX_DOCUMENT_BYTES
from search_engine.errors import InvalidArchitecture


def read_cell(text: str, skeleton: SkeletonConfig) -> Cell:
    """A cell by name, from a JSON file, or in notation.

    Args:
        text: `start`, a built-in cell's name, a path that ends in `.json`, or one-line notation.
        skeleton: whose start cell `start` means.

    Raises:
        InvalidArchitecture: none of these.
    """
    if text == "start":
        return skeleton.start_cell
    if text in NAMED_CELLS:
        return NAMED_CELLS[text]
    if text.endswith(".json"):
        return cell_from_text(_read_file(Path(text)))
    if "[" not in text:
        names = ", ".join(("start", *NAMED_CELLS))
        raise InvalidArchitecture(
            "cell", f"expected {names}, a .json file or notation with brackets, got {text[:60]!r}"
        )
    return parse_cell(text)


def read_image(text: str) -> ImageShape:
    """`3,32,32`: channels, height, width."""
    numbers = read_numbers(text)
    if len(numbers) != 3:
        raise argparse.ArgumentTypeError(f"expected channels,height,width, got {text!r}")
    return ImageShape(*numbers)


def read_numbers(text: str) -> tuple[int, ...]:
    """`4,6,8`: whole numbers with commas between."""
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"expected whole numbers with commas between, got {text!r}"
        ) from None


def _read_file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            # One byte more than is allowed is enough to be refused.
            return file.read(MAX_DOCUMENT_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or str(error)
        raise InvalidArchitecture(str(path), reason) from None
