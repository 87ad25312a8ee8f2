"""How a picture becomes pixels: the one way, for training, `predict`, exports and *Try it*.

`static/js/domain/preprocess.js` does the same in the browser, to the bit.
"""

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import numpy as np
import pillow_heif
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from search_engine.pictures.sizes import placed
from search_engine.spec.errors import DatasetError
from search_engine.spec.pictures import Rendering

FORMATS = (
    "PNG",
    "JPEG",
    "WEBP",
    "BMP",
    "DIB",
    "GIF",
    "PPM",
    "TIFF",
    "JPEG2000",
    "AVIF",
    "HEIF",
)
"""Pillow's names of the formats that are read; its other decoders are never reached."""
ORIENTATION = 0x0112
"""The camera's note of it, among EXIF's tags."""
DECODED_SMALL = 1 << 25
"""JPEGs with more pixels are decoded at a half, a quarter or an eighth, where that is enough."""
_WIDE_MODES = ("I;16", "I;16L", "I;16B", "I;16N", "I", "F")
_GREY_MODES = ("1", "L")

Pixels = NDArray[np.uint8]

pillow_heif.register_heif_opener()
Image.MAX_IMAGE_PIXELS = None  # the limit is the reader's own, and looked at before decoding


@contextmanager
def opened(content: bytes | IO[bytes], place: str) -> Iterator[Image.Image]:
    """A picture, opened but not decoded; what goes wrong inside becomes an error of the file.

    Raises:
        DatasetError: it is no picture, or a damaged one.
    """
    file = io.BytesIO(content) if isinstance(content, bytes) else content
    try:
        with Image.open(file, formats=FORMATS) as image:
            yield image
    except UnidentifiedImageError:
        if isinstance(content, bytes) and not content:
            raise DatasetError(place, "is an empty file", "damaged_picture") from None
        reason = f"cannot be decoded as an image: expected one of {', '.join(FORMATS)}"
        raise DatasetError(place, reason, "undecodable_image") from None
    except (OSError, SyntaxError, ValueError, EOFError, struct.error, RuntimeError) as error:
        reason = f"cannot be decoded as an image: {error}"
        raise DatasetError(place, reason, "damaged_picture") from error


def is_wide(image: Image.Image) -> bool:
    """Whether its grey levels have more than 8 bits."""
    return image.mode in _WIDE_MODES


def is_grey(image: Image.Image) -> bool:
    """Whether its pixels have one channel."""
    return image.mode in _GREY_MODES


def flat(image: Image.Image, rendering: Rendering) -> Image.Image:
    """The first frame upright, with 8 bits, laid on the ground: of mode L or RGB."""
    if image.getexif().get(ORIENTATION, 1) != 1:
        image = ImageOps.exif_transpose(image)
    if is_wide(image):
        return _narrowed(image, rendering.levels)
    if image.has_transparency_data:
        with_alpha = image.convert("RGBA")
        ground = Image.new("RGB", image.size, rendering.colour)
        ground.paste(with_alpha, mask=with_alpha.getchannel("A"))
        return ground
    return _of_mode(image, "L" if is_grey(image) else "RGB")


def _of_mode(image: Image.Image, mode: str) -> Image.Image:
    """Converted, where it is of another mode: converting copies in any case."""
    return image if image.mode == mode else image.convert(mode)


def _narrowed(image: Image.Image, levels: tuple[int, int]) -> Image.Image:
    """Grey levels of 16 bits and more scaled to 0 to 255, the nearest."""
    low, high = levels
    values = np.asarray(image)
    is_short = values.dtype.itemsize == 2 and values.dtype.kind == "u"
    steps = np.arange(65536) if is_short else values
    scaled = (steps.astype(np.float64) - low) * (255 / (high - low))
    narrow = np.floor(scaled.clip(0, 255) + 0.5).astype(np.uint8)
    return Image.fromarray(narrow[values] if is_short else narrow)


def rendered(image: Image.Image, shape: tuple[int, int, int], rendering: Rendering) -> Pixels:
    """A picture as a network sees it.

    Args:
        image: of any mode and size; decoded small where it is a very large JPEG.
        shape: channels (1 or 3), height and width to come to.

    Returns:
        uint8, `(H, W, C)`.
    """
    channels, height, width = shape
    if image.width * image.height > DECODED_SMALL:
        image.draft(None, (2 * max(height, width),) * 2)
    made = _of_mode(flat(image, rendering), "L" if channels == 1 else "RGB")
    made = placed(made, shape, rendering)
    return np.asarray(made, dtype=np.uint8).reshape(height, width, channels)
