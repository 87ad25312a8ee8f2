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


def zip_of_photos(*, broken: int) -> bytes:
    """A zip as it comes from people: nested folders, many sizes, a few files that are broken."""
    rng, packed = random.Random(broken), io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("holiday/README.md", "Taken in June.")
        for name, count in COUNTS.items():
            for number in range(count // 4):
                drawn = Image.open(io.BytesIO(_png(name, rng))).convert("RGB")
                sides = (96, 64) if number % 3 else (64, 80)
                archive.writestr(f"holiday/{name}/{number}.jpg", _jpeg(drawn.resize(sides), rng))
        for number in range(broken):
            torn = _jpeg(Image.effect_noise((64, 64), 80).convert("RGB"), rng)
            archive.writestr(f"holiday/squares/IMG_{number:04}.jpg", torn[: len(torn) // 2])
        archive.writestr("holiday/circles/copy of 1.jpg", archive.read("holiday/circles/1.jpg"))
    return packed.getvalue()


def _jpeg(image: Image.Image, rng: random.Random) -> bytes:
    tint = Image.new("RGB", image.size, tuple(rng.randrange(40, 255) for _ in range(3)))
    file = io.BytesIO()
    Image.blend(image, tint, 0.35).save(file, "JPEG", quality=88)
    return file.getvalue()


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
