"""Pictures for the owner of an upload to look at before it is prepared, as PNG files."""

import io
import struct
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain, zip_longest
from pathlib import Path

from PIL import Image, ImageFile

from search_engine.data import Limits
from search_engine.pictures.entries import Entry, list_entries
from search_engine.pictures.pixels import FORMATS, opened, rendered
from search_engine.pictures.survey import Survey, Tell
from search_engine.spec.errors import DatasetError
from search_engine.spec.pictures import Fault, Fit, ImageFound
from webapp.datasets.child.samples import grid, small
from webapp.datasets.files import fault_name, fit_name

SAMPLES = 16
FAULTS_SHOWN = 24
_FAULT_PIXELS = 96


def write_fits(folder: Path, survey: Survey, image: ImageFound, tell: Tell) -> None:
    """Samples as training will see them, for each way in which they may come to the size.

    Where all have the shape of that size, the ways are one.
    """
    shape = (image.channels, image.height, image.width)
    chosen = _mixed(survey)
    sizes = {look.size for look in survey.looks}
    differ = any(height * image.width != width * image.height for height, width in sizes)
    fits = list(Fit) if differ else [survey.rendering.fit]
    made: dict[Fit, list[Image.Image]] = defaultdict(list)
    for done, place in enumerate(chosen):
        tell(done, len(chosen))
        entry = survey.pictures[place].entry
        content = entry.read()
        for fit in fits:
            with opened(content, entry.place) as picture:
                pixels = rendered(picture, shape, replace(survey.rendering, fit=fit))
            whole = Image.fromarray(pixels[:, :, 0] if image.channels == 1 else pixels)
            made[fit].append(small(whole))
    for fit, pictures in made.items():
        grid(pictures).save(folder / fit_name(fit), optimize=True)


def _mixed(survey: Survey) -> list[int]:
    """Positions of some pictures, class by class in turn, in the archive's order."""
    by_label: dict[str, list[int]] = defaultdict(list)
    for place, picture in enumerate(survey.pictures):
        by_label[picture.label].append(place)
    turns = chain.from_iterable(zip_longest(*by_label.values()))
    return sorted([place for place in turns if place is not None][:SAMPLES])


def write_fault_pictures(folder: Path, path: Path, faults: Sequence[Fault], limits: Limits) -> None:
    """What can be seen of broken pictures: the first of them, where something can."""
    shown = {
        fault.file: place
        for place, fault in enumerate(faults[:FAULTS_SHOWN])
        if fault.code == "damaged_picture"
    }
    if not shown:
        return
    with list_entries(path, limits) as entries, _torn_files_allowed():
        for entry in entries:
            if entry.path in shown:
                _write_torn(folder / fault_name(shown[entry.path]), entry)


def _write_torn(target: Path, entry: Entry) -> None:
    try:
        with Image.open(io.BytesIO(entry.read()), formats=FORMATS) as picture:
            picture.thumbnail((_FAULT_PIXELS, _FAULT_PIXELS))
            picture.convert("RGB").save(target, optimize=True)
    except (DatasetError, OSError, SyntaxError, ValueError, EOFError, struct.error):
        return  # nothing can be seen of it


@contextmanager
def _torn_files_allowed() -> Iterator[None]:
    """Pillow gives what it could decode, in place of an error."""
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False
