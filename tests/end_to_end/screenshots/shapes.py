"""Drawn shapes in class folders: what an upload looks like."""

import io
import random
import zipfile

from PIL import Image, ImageDraw

COUNTS = {"circles": 90, "squares": 70, "triangles": 70}


def zip_of_shapes(classes: int) -> bytes:
    """A zip with so many class folders of grey images, 28 x 28."""
    rng, packed = random.Random(classes), io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, count in list(COUNTS.items())[:classes]:
            for number in range(count):
                archive.writestr(f"{name}/{number:03}.png", _png(name, rng))
    return packed.getvalue()


def _png(name: str, rng: random.Random) -> bytes:
    image, file = Image.new("L", (28, 28), rng.randrange(10, 60)), io.BytesIO()
    x, y, size = rng.randrange(3, 12), rng.randrange(3, 12), rng.randrange(8, 14)
    draw, ink = ImageDraw.Draw(image), rng.randrange(150, 250)
    if name == "circles":
        draw.ellipse((x, y, x + size, y + size), fill=ink)
    elif name == "squares":
        draw.rectangle((x, y, x + size, y + size), fill=ink)
    else:
        draw.polygon([(x, y + size), (x + size, y + size), (x + size // 2, y)], ink)
    image.save(file, "PNG")
    return file.getvalue()
