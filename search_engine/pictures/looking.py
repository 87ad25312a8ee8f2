"""A look at each picture in small: what it is, whether it can be read, what it resembles."""

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from PIL import Image

from search_engine.pictures.entries import Entry, Limits
from search_engine.pictures.pixels import ORIENTATION, Pixels, flat, is_grey, is_wide, opened
from search_engine.pictures.sizes import Size
from search_engine.pictures.sorting import UNREAD_SUFFIXES, suffix_of
from search_engine.spec.errors import DatasetError
from search_engine.spec.pictures import Rendering

_LOOKED_AT = 64
"""The shorter side that pictures are decoded at least at, in pixels."""
_TURNED, _SIDEWAYS = range(2, 9), range(5, 9)
"""Values of the camera's note of orientation: not upright; with height and width exchanged."""
THUMB = 16
_SUFFIXES = {
    "PNG": (".png", ".apng"),
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "MPO": (".jpg", ".jpeg", ".mpo", ".jpe", ".jfif"),
    "WEBP": (".webp",),
    "BMP": (".bmp", ".dib"),
    "DIB": (".bmp", ".dib"),
    "GIF": (".gif",),
    "PPM": (".ppm", ".pgm", ".pbm", ".pnm"),
    "TIFF": (".tif", ".tiff"),
    "JPEG2000": (".jp2", ".j2k", ".jpx", ".jpf", ".j2c"),
    "AVIF": (".avif", ".avifs"),
    "HEIF": (".heic", ".heif", ".hif"),
}


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at a picture found.

    Args:
        size: upright, in pixels.
        is_grey: its file has one channel.
        has_colour: some pixel is not grey.
        levels: the lowest and the highest, where they have more than 8 bits.
        digest: of its pixels; equal pictures have the same.
        thumb: uint8, 16 x 16 of grey and then 4 x 4 of colour.
    """

    size: Size
    is_grey: bool
    has_colour: bool
    levels: tuple[int, int] | None
    frames: bool
    transparent: bool
    rotated: bool
    misnamed: bool
    digest: bytes
    thumb: Pixels


def look_at(entry: Entry, limits: Limits) -> Look:
    """Decode a picture once, and tell what there is to know of it.

    Raises:
        DatasetError: it cannot be read, is of an unknown kind, or too large.
    """
    suffix = suffix_of(entry)
    if suffix in UNREAD_SUFFIXES:
        reason = f"is of a kind that is not read: {suffix[1:].upper()}"
        raise DatasetError(entry.place, reason, "unsupported_format")
    with opened(entry.read(), entry.place) as image:
        if image.width * image.height > limits.image_pixels:
            reason = (
                f"expected at most {limits.image_pixels} pixels, got {image.width}x{image.height}"
            )
            raise DatasetError(entry.place, reason, "image_too_large")
        orientation = image.getexif().get(ORIENTATION, 1)
        size = image.height, image.width
        frames = bool(getattr(image, "is_animated", False))
        image.draft(None, (_LOOKED_AT, _LOOKED_AT))
        image.load()
        levels = _levels(image)
        transparent = image.has_transparency_data and _is_seen_through(image)
        is_one_channel = is_grey(image) or levels is not None
        small = flat(_reduced(image), Rendering(levels=levels or (0, 65535)))
        colour = small if small.mode == "RGB" else small.convert("RGB")
        pixels, thumb = np.asarray(colour), _thumb(colour)
        return Look(
            size=size[::-1] if orientation in _SIDEWAYS else size,
            is_grey=is_one_channel,
            has_colour=not is_one_channel and _has_colour(pixels, thumb),
            levels=levels,
            frames=frames,
            transparent=transparent,
            rotated=orientation in _TURNED,
            misnamed=suffix not in _SUFFIXES.get(image.format or "", (suffix,)),
            digest=_digest(size, pixels),
            thumb=thumb,
        )


def _levels(image: Image.Image) -> tuple[int, int] | None:
    if not is_wide(image):
        return None
    low, high = np.asarray(image).min(), np.asarray(image).max()
    return int(low), max(int(high), int(low) + 1)


def _is_seen_through(image: Image.Image) -> bool:
    low, _ = image.convert("RGBA").getchannel("A").getextrema()
    return isinstance(low, int | float) and low < 255


def _reduced(image: Image.Image) -> Image.Image:
    """A large picture in small, for a look; JPEGs are small already."""
    factor = min(image.size) // (4 * _LOOKED_AT)
    if factor < 2 or image.mode in ("P", "PA", "1") or is_wide(image):
        return image
    made = image.reduce(factor)
    made.info = image.info
    return made


def _has_colour(pixels: Pixels, thumb: Pixels) -> bool:
    """In small it shows at once in most pictures that have some."""
    small = thumb[THUMB * THUMB :].reshape(-1, 3)
    return any(bool((of[..., :2] != of[..., 1:]).any()) for of in (small, pixels))


def _digest(size: Size, pixels: Pixels) -> bytes:
    found = blake2b(repr(size).encode(), digest_size=16)
    found.update(np.ascontiguousarray(pixels).data)
    return found.digest()


def _thumb(image: Image.Image) -> Pixels:
    box = Image.Resampling.BOX
    grey = np.asarray(image.convert("L").resize((THUMB, THUMB), box))
    return np.concatenate([grey.ravel(), np.asarray(image.resize((4, 4), box)).ravel()])
