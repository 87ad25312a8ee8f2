"""What `predict` does."""

import argparse
import json
from pathlib import Path

from PIL import Image
from torch import Tensor

from search_engine.command_line.devices import pick_device
from search_engine.data.decoding import FORMATS
from search_engine.errors import DatasetError, InvalidConfig
from search_engine.loading import Loaded, load


def predict(arguments: argparse.Namespace) -> int:
    """Print the likeliest classes of images.

    Raises:
        SearchEngineError: the checkpoint is damaged, or an image cannot be read.
    """
    if arguments.top < 1:
        raise InvalidConfig("--top", f"expected at least 1, got {arguments.top}")
    loaded = load(arguments.checkpoint, device=pick_device(arguments.device))
    shares = loaded.predict([read_image(path) for path in arguments.images])
    found = {
        str(path): _likeliest(row, loaded, arguments.top)
        for path, row in zip(arguments.images, shares, strict=True)
    }
    if arguments.json:
        print(json.dumps([_document(*entry) for entry in found.items()], indent=2))
    else:
        _print(found)
    return 0


def read_image(path: Path) -> Image.Image:
    """An image from a file.

    Raises:
        DatasetError: there is no such file, or it is no image.
    """
    try:
        with Image.open(path, formats=FORMATS) as image:
            image.load()
            return image
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
        reason = getattr(error, "strerror", None) or f"cannot be decoded as an image: {error}"
        raise DatasetError(str(path), reason) from None


def _likeliest(row: Tensor, loaded: Loaded, count: int) -> list[tuple[str, float]]:
    """Names of the likeliest classes, with their probabilities."""
    shares, indexes = row.topk(min(count, len(row)))
    names = [loaded.class_names[index] for index in indexes.tolist()]
    return list(zip(names, shares.tolist(), strict=True))


def _document(image: str, likely: list[tuple[str, float]]) -> dict[str, object]:
    classes = [{"class": name, "probability": share} for name, share in likely]
    return {"image": image, "classes": classes}


def _print(found: dict[str, list[tuple[str, float]]]) -> None:
    """A table: the image's name, then a class and its probability in each line."""
    for image, likely in found.items():
        print(image)
        width = max(len(name) for name, _ in likely)
        for name, share in likely:
            print(f"  {name:<{width}}  {share:>7.2%}")
