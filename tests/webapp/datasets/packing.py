"""Zips of images, made as a user would make them, and as an attacker would."""

import io
import random
import stat
import zipfile
from collections.abc import Mapping
from pathlib import Path

from PIL import Image

Files = Mapping[str, bytes]


def picture(seed: int, *, size: tuple[int, int] = (8, 8), mode: str = "RGB") -> bytes:
    """A PNG of noise, different for every seed."""
    width, height = size
    channels = len(mode)
    pixels = random.Random(seed).randbytes(width * height * channels)
    file = io.BytesIO()
    Image.frombytes(mode, size, pixels).save(file, "PNG")
    return file.getvalue()


def plain(size: tuple[int, int]) -> bytes:
    """A PNG of one colour: small as a file, however large the image."""
    file = io.BytesIO()
    Image.new("RGB", size).save(file, "PNG")
    return file.getvalue()


def classes(counts: Mapping[str, int], *, mode: str = "RGB") -> dict[str, bytes]:
    """So many different images in each class folder."""
    names = [f"{name}/{index}.png" for name, count in counts.items() for index in range(count)]
    return {name: picture(seed, mode=mode) for seed, name in enumerate(names)}


def packed(files: Files) -> bytes:
    """The bytes of a zip."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return memory.getvalue()


def pack(path: Path, files: Files) -> Path:
    path.write_bytes(packed(files))
    return path


def good() -> dict[str, bytes]:
    """Two classes of 12 colour images: nothing to warn of."""
    return classes({"birch": 12, "oak": 12})


def with_link(files: Files) -> bytes:
    """A zip in which one member is a symbolic link to a secret."""
    memory = io.BytesIO(packed(files))
    with zipfile.ZipFile(memory, "a") as archive:
        link = zipfile.ZipInfo("oak/link.png")
        link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    return memory.getvalue()


def bomb(unpacked_bytes: int) -> bytes:
    """A small zip that unpacks to very much."""
    return packed({"oak/0.png": bytes(unpacked_bytes), **classes({"birch": 2})})
