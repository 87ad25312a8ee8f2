"""Pictures of every kind, made on the spot: all ways to see them must see the same."""

import io
import struct
import zipfile
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from tests.search_engine.pictures.cases import FOLDER

_ORIENTATION = 0x0112


def colour(width: int = 45, height: int = 31, seed: int = 0) -> NDArray[np.uint8]:
    """Soft waves with a little noise: what a camera gives, in small."""
    rows, columns = np.mgrid[:height, :width]
    noise = np.random.default_rng(seed).integers(0, 12, (height, width, 3))
    waves = [np.sin(rows / (5 + c) + seed) + np.cos(columns / (7 - c)) for c in range(3)]
    return (np.stack(waves, axis=2) * 55 + 120 + noise).clip(0, 255).astype(np.uint8)


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def turned(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[_ORIENTATION] = orientation
    return saved(Image.fromarray(colour()), "JPEG", exif=exif, quality=90)


def wide_rgb() -> bytes:
    """A PNG with 16 bits in each of three channels, which Pillow cannot write."""
    with zipfile.ZipFile(FOLDER / "a18_png16_rgb.zip") as archive:
        return archive.read("oak/x.png")


def wide_filtered() -> bytes:
    """A 16-bit grey PNG that has a line of each of the five filters."""
    levels = (np.arange(40 * 10).reshape(10, 40) * 163 % 60000).astype(">u2")
    lines, above = b"", np.zeros(80, dtype=np.int64)
    for row, line in enumerate(levels):
        values = np.frombuffer(line.tobytes(), dtype=np.uint8).astype(np.int64)
        left = np.concatenate(([0, 0], values[:-2]))
        corner = np.concatenate(([0, 0], above[:-2]))
        kind = row % 5
        known = zip(left.tolist(), above.tolist(), corner.tolist(), strict=True)
        paeth = [_paeth(*each) for each in known]
        guess = [0 * values, left, above, (left + above) // 2, np.array(paeth)][kind]
        lines += bytes([kind]) + ((values - guess) % 256).astype(np.uint8).tobytes()
        above = values
    head = struct.pack(">IIBBBBB", 40, 10, 16, 0, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(lines)), (b"IEND", b""))
    chunks = (
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _paeth(left: int, up: int, corner: int) -> int:
    return min((left, up, corner), key=lambda value: abs(left + up - corner - value))


def odd_pictures() -> dict[str, bytes]:
    """Files by name, all of which a browser can show."""
    rgb = Image.fromarray(colour())
    alpha = Image.fromarray((np.mgrid[:31, :45].sum(axis=0) * 255 // 74).astype(np.uint8))
    rgba, grey = rgb.copy(), rgb.convert("L")
    rgba.putalpha(alpha)
    la = grey.copy()
    la.putalpha(alpha)
    palette = rgb.quantize(32)
    wide = Image.fromarray(colour()[..., 0].astype(np.uint16) * 190 + 700)
    large = Image.fromarray(colour(2600, 90))
    frames = [Image.fromarray(colour(seed=seed)).quantize(64) for seed in range(3)]
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    return {
        "colour.png": saved(rgb, "PNG"),
        "grey.png": saved(grey, "PNG"),
        "one_bit.png": saved(grey.convert("1"), "PNG"),
        "palette.png": saved(palette, "PNG"),
        "palette_transparent.png": saved(palette, "PNG", transparency=bytes(range(0, 256, 8))),
        "transparent.png": saved(rgba, "PNG"),
        "grey_transparent.png": saved(la, "PNG"),
        "key_transparent.png": saved(rgb, "PNG", transparency=rgb.getpixel((3, 3))),
        "wide.png": saved(wide, "PNG"),
        "wide_filtered.png": wide_filtered(),
        "wide_colour.png": wide_rgb(),
        "colour.jpg": saved(rgb, "JPEG", quality=90),
        "grey.jpg": saved(grey, "JPEG"),
        "grey_in_colour.jpg": saved(grey.convert("RGB"), "JPEG"),
        "cmyk.jpg": saved(rgb.convert("CMYK"), "JPEG"),
        "progressive.jpg": saved(rgb, "JPEG", progressive=True, subsampling=2),
        "profile.jpg": saved(rgb, "JPEG", icc_profile=profile),
        "large.jpg": saved(large, "JPEG", quality=80),
        "sideways.jpg": turned(6),
        "mirrored.jpg": turned(5),
        "upside_down.jpg": turned(3),
        "animated.gif": saved(frames[0], "GIF", save_all=True, append_images=frames[1:]),
        "transparent.gif": saved(rgba.quantize(64), "GIF", transparency=0),
        "colour.webp": saved(rgb, "WEBP", quality=80),
        "transparent.webp": saved(rgba, "WEBP", lossless=True, exact=True),
        "colour.bmp": saved(rgb, "BMP"),
        "two_pictures.mpo": saved(rgb, "MPO", save_all=True, append_images=[grey.convert("RGB")]),
        "colour.avif": saved(rgb, "AVIF", quality=90),
    }


def other_pictures() -> dict[str, bytes]:
    """Files by name that a browser cannot show."""
    rgb = Image.fromarray(colour())
    return {
        "colour.heic": saved(rgb, "HEIF", quality=90),
        "colour.tif": saved(rgb, "TIFF"),
        "wide.tif": saved(Image.fromarray(colour()[..., 0].astype(np.uint16) * 200), "TIFF"),
        "colour.jp2": saved(rgb, "JPEG2000"),
        "colour.ppm": saved(rgb, "PPM"),
    }
