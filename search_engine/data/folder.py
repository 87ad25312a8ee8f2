"""Data sets from pictures in a folder or archive, as `search_engine.pictures` reads it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from search_engine.data.augmentation import Augmentation
from search_engine.data.dataset import Dataset
from search_engine.data.stored import about, stored_dataset, storing, tensors_of
from search_engine.pictures.entries import Limits
from search_engine.pictures.layout import TEST, VALIDATION
from search_engine.pictures.pixels import Pixels, opened, rendered
from search_engine.pictures.sizes import Size
from search_engine.pictures.survey import Survey, Tell, surveyed
from search_engine.spec.errors import DatasetError
from search_engine.spec.pictures import Answers
from search_engine.spec.pictures_text import question_text


def read_folder(
    path: Path,
    *,
    name: str = "",
    size: Size | None = None,
    answers: Answers | None = None,
    limits: Limits | None = None,
    tell: Tell = lambda done, of: None,
    keep_in: Path | None = None,
) -> Dataset:
    """Read pictures in class folders, or with a table of labels.

    Args:
        path: a folder or an archive, which is read without being extracted.
        name: what the data set is called, and errors call it in place of the path; by default the
            path's last part.
        size: height and width in pixels to bring all pictures to; in place of the answers'.
        answers: to what is asked about the pictures, and how they are to be read.
        tell: hears how many pictures have been read, and of how many; each is read twice.
        keep_in: a folder to store the images in, one by one, and to use them from, so that they
            need not fit into memory.

    Raises:
        DatasetError: a file cannot be read, something must be answered first, or there is nothing
            to learn from; its code is that of the fault or the question.
    """

    def half(start: int) -> Tell:
        return lambda done, of: tell(start * of + done, 2 * of)

    if size is not None:
        answers = replace(answers or Answers(), height=size[0], width=size[1])
    with surveyed(path, answers, limits=limits, shown_as=name, tell=half(0)) as survey:
        check_usable(survey)
        if keep_in is None:
            return dataset_of(survey, name=name or path.stem, tell=half(1))
        keep(survey, keep_in, name=name or path.stem, tell=half(1))
    return stored_dataset(keep_in)


def check_usable(survey: Survey) -> None:
    """Check that there is nothing to answer first.

    Raises:
        DatasetError: there is, or the pictures cannot be used.
    """
    report = survey.report
    if report.faults:
        fault = report.faults[0]
        more = f" ({len(report.faults) - 1} more like this)" if len(report.faults) > 1 else ""
        raise DatasetError(fault.file, fault.text + more, fault.code)
    if report.questions:
        question = report.questions[0]
        options = ", ".join(question.options)
        reason = f"{question_text(question)} Answer {question.code} with one of: {options}"
        raise DatasetError(survey.name, reason, question.code)


def dataset_of(survey: Survey, *, name: str, tell: Tell = lambda done, of: None) -> Dataset:
    """Decode the pictures of a survey that can be used, at its size, into memory."""
    rows, shape = _order(survey)
    pixels = np.empty(shape, dtype=np.uint8)
    _decode(survey, rows, shape, pixels.__setitem__, tell)
    return _dataset(survey, rows, name, torch.from_numpy(pixels))


def keep(survey: Survey, folder: Path, *, name: str, tell: Tell = lambda done, of: None) -> Dataset:
    """The same into a folder, one by one: a set may be larger than memory.

    Returns:
        All that is known of it, with one byte that stands for all images: `stored_dataset` gives
        those.
    """
    rows, shape = _order(survey)
    outline = _dataset(survey, rows, name, torch.zeros((), dtype=torch.uint8).expand(shape))
    with storing(folder, shape, about(outline), tensors_of(outline)) as write:
        _decode(survey, rows, shape, lambda row, image: write(row, image.tobytes()), tell)
    return outline


def _order(survey: Survey) -> tuple[list[int], tuple[int, int, int, int]]:
    """Places of the pictures in the order of the images, and their shape, `(N, H, W, C)`."""
    pictures, image = survey.pictures, survey.report.image
    assert image is not None, "a survey without pictures cannot be used"
    rows = sorted(range(len(pictures)), key=lambda place: pictures[place].path)
    return rows, (len(rows), image.height, image.width, image.channels)


def _dataset(survey: Survey, rows: Sequence[int], name: str, pixels: torch.Tensor) -> Dataset:
    ordered = [survey.pictures[place] for place in rows]
    class_names = sorted({picture.label for picture in ordered})
    index = {label: place for place, label in enumerate(class_names)}

    def part(part: str) -> torch.Tensor:
        return torch.tensor([p.part == part for p in ordered]).nonzero().flatten()

    return Dataset(
        name=name,
        images=pixels.permute(0, 3, 1, 2),
        labels=torch.tensor([index[picture.label] for picture in ordered]),
        class_names=tuple(class_names),
        test=part(TEST),
        validation=part(VALIDATION),
        rendering=survey.rendering,
        groups=_groups(survey, rows),
        licence="not stated",
        source=survey.name,
        augmentation=Augmentation(padding=min(pixels.shape[1:3]) // 8),
    )


def _groups(survey: Survey, rows: Sequence[int]) -> torch.Tensor:
    """The group of each image, in the order of `rows`; none where there are no copies."""
    if not survey.groups:
        return torch.empty(0, dtype=torch.int64)
    group = torch.arange(len(rows))
    for places in survey.groups:
        group[list(places)] = places[0]
    return group[torch.tensor(rows)]


def _decode(
    survey: Survey,
    rows: Sequence[int],
    shape: tuple[int, int, int, int],
    put: Callable[[int, Pixels], object],
    tell: Tell,
) -> None:
    """Decode all pictures in the order of the archive, each for its place in the order of `rows`.

    Args:
        shape: of all images, `(N, H, W, C)`.
        put: takes a row and its image, uint8, `(H, W, C)`.
    """
    count, height, width, channels = shape
    target = {place: row for row, place in enumerate(rows)}
    for place, picture in enumerate(survey.pictures):
        tell(place, count)
        with opened(picture.entry.read(), picture.entry.place) as image:
            put(target[place], rendered(image, (channels, height, width), survey.rendering))
