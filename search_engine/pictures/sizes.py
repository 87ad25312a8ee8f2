"""Sizes of pictures: which one suits them all, and how a picture comes to it."""

from collections import Counter
from collections.abc import Sequence
from statistics import median

from PIL import Image

from search_engine.spec.pictures import Fit, ImageFound, Rendering, SizeFound

Size = tuple[int, int]
"""Height and width in pixels."""

USUAL_SIDES = (8, 16, 24, 28, 32, 48, 64, 96, 128, 160, 192, 224)
SMALLEST_SIDE = 8
"""Smaller pictures are enlarged to it: networks that halve a picture need something to halve."""
LARGEST_COMMON = 512
"""Pictures of one size keep it up to here."""
_LISTED = 100


def image_found(sizes: Sequence[Size], channels: int, chosen: Size | None) -> ImageFound:
    """The size to prepare, and those that were found where they are not it."""
    counts = Counter(sizes)
    common = next(iter(counts)) if len(counts) == 1 else None
    if chosen is None and common is not None and _may_stay(common):
        chosen = common
    if chosen is not None:
        return ImageFound(channels, *chosen)
    found = tuple(SizeFound(*size, count) for size, count in counts.most_common(_LISTED))
    return ImageFound(channels, *suggested(sizes), sizes=found, chosen=False)


def suggested(sizes: Sequence[Size]) -> Size:
    """A square that is not larger than the half of the pictures' shorter sides."""
    middle = median(min(size) for size in sizes)
    side = max((side for side in USUAL_SIDES if side <= middle), default=SMALLEST_SIDE)
    return side, side


def is_tiny(size: Size) -> bool:
    """Whether there is little to see in a picture of this size."""
    return max(size) < SMALLEST_SIDE


def _may_stay(size: Size) -> bool:
    return min(size) >= SMALLEST_SIDE and max(size) <= LARGEST_COMMON


def placed(image: Image.Image, shape: tuple[int, int, int], rendering: Rendering) -> Image.Image:
    """A picture brought to the size of a shape, in its own mode: stretched, cropped or padded.

    All boxes are whole pixels, so that the browser comes to the same.
    """
    _, height, width = shape
    if rendering.fit == Fit.CROP:
        image = image.crop(crop_box((image.height, image.width), (height, width)))
    if rendering.fit != Fit.PAD:
        return _resized(image, (height, width))
    inner = pad_size((image.height, image.width), (height, width))
    ground = Image.new("RGB", (width, height), rendering.colour).convert(image.mode)
    ground.paste(_resized(image, inner), ((width - inner[1]) // 2, (height - inner[0]) // 2))
    return ground


def _resized(image: Image.Image, size: Size) -> Image.Image:
    """Along rows first, then along columns: by itself, Pillow chooses an order."""
    bilinear = Image.Resampling.BILINEAR
    return image.resize((size[1], image.height), bilinear).resize((size[1], size[0]), bilinear)


def crop_box(size: Size, target: Size) -> tuple[int, int, int, int]:
    """The largest box in the middle with the target's shape: left, top, right, bottom."""
    height, width = size
    if width * target[0] > height * target[1]:
        inner = (height, max(1, (height * target[1] + target[0] // 2) // target[0]))
    else:
        inner = (max(1, (width * target[0] + target[1] // 2) // target[1]), width)
    top, left = (height - inner[0]) // 2, (width - inner[1]) // 2
    return left, top, left + inner[1], top + inner[0]


def pad_size(size: Size, target: Size) -> Size:
    """Height and width that a picture has within a target that it does not fill."""
    height, width = size
    if width * target[0] > height * target[1]:
        return max(1, (height * target[1] + width // 2) // width), target[1]
    return target[0], max(1, (width * target[0] + height // 2) // height)
