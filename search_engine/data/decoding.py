"""From the bytes of image files to one uint8 tensor."""

import io
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from search_engine.data.image_files import Entry, Limits
from search_engine.errors import DatasetError

Size = tuple[int, int]
"""Height and width in pixels."""

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "PPM")
"""Of image files that are read, by Pillow's names; its other decoders are never reached."""
_GREY_MODES = ("1", "L", "LA")
_COLOUR_MODES = ("P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr")


def decode(files: Sequence[Entry], size: Size | None, limits: Limits) -> Tensor:
    """Decode image files; transparency is dropped, and of an animation the first image is taken.

    Headers are looked at first, so that a file of the wrong size, or too many pixels in all, are
    refused before memory is filled.

    Args:
        files: the image files, one or more.
        size: resize all images to it; None refuses images of different sizes.
        limits: the most pixels of an image, and bytes of all decoded images.

    Returns:
        uint8, `(N, C, H, W)`, stored channels last; one channel where all images are grey.

    Raises:
        DatasetError: an image cannot be decoded, or is too large or of another size than the first;
            the message names the file.
    """
    modes, found = zip(*(_look(file, limits) for file in files), strict=True)
    height, width = _common_size(files, found) if size is None else size
    mode = "L" if all(mode in _GREY_MODES for mode in modes) else "RGB"
    channels = 1 if mode == "L" else 3
    shape = (len(files), height, width, channels)
    if np.prod(shape, dtype=object) > limits.total_bytes:
        raise DatasetError(
            files[0].place, f"and the others decode to more than {limits.total_bytes} bytes"
        )
    pixels = np.empty(shape, dtype=np.uint8)
    for row, file in zip(pixels, files, strict=True):
        with _opened(file) as image:
            resized = image.convert(mode).resize((width, height), Image.Resampling.BILINEAR)
            row[...] = np.asarray(resized).reshape(row.shape)
    return torch.from_numpy(pixels).permute(0, 3, 1, 2)


def _look(file: Entry, limits: Limits) -> tuple[str, Size]:
    """An image's mode and size, from its header."""
    with _opened(file) as image:
        if image.mode not in _GREY_MODES + _COLOUR_MODES:
            raise DatasetError(
                file.place, f"expected 8 bits per channel, grey or colour, got mode {image.mode}"
            )
        if image.width * image.height > limits.image_pixels:
            raise DatasetError(
                file.place,
                f"expected at most {limits.image_pixels} pixels, got {image.width}x{image.height}",
            )
        return image.mode, (image.height, image.width)


def _common_size(files: Sequence[Entry], found: Sequence[Size]) -> Size:
    for file, size in zip(files, found, strict=True):
        if size != found[0]:
            raise DatasetError(
                file.place,
                f"expected {_text(found[0])} pixels like {files[0].place}, got {_text(size)};"
                " give a size to resize all images to",
            )
    return found[0]


def _text(size: Size) -> str:
    return f"{size[1]}x{size[0]}"


@contextmanager
def _opened(file: Entry) -> Iterator[Image.Image]:
    try:
        with Image.open(io.BytesIO(file.read()), formats=FORMATS) as image:
            yield image
    except (
        OSError,
        SyntaxError,
        ValueError,
        EOFError,
        struct.error,
        Image.DecompressionBombError,
    ) as error:
        raise DatasetError(file.place, f"cannot be decoded as an image: {error}") from error
