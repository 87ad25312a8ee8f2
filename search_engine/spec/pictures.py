"""What reading somebody's pictures found, what it asks, and the answers; no torch."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated

from search_engine.spec.declared import Declared, Pairs, Whole, about, declared
from search_engine.spec.errors import InvalidConfig

USABLE, CANNOT_BE_USED, ASKS = 0, 2, 3
"""What may be done with pictures, as exit statuses: train, nothing, answer first."""

LARGEST_SIDE = 4096
WHITE = "#ffffff"


class ClassFrom(StrEnum):
    """What names the class of a picture."""

    FOLDER = "folder"  # the folder in which it lies
    TOP = "top"  # the first folder of its path
    PATH = "path"  # all folders of its path
    NAME = "name"  # its file's name, up to the first digit


class Fit(StrEnum):
    """How a picture of another shape comes to the size of all."""

    STRETCH = "stretch"
    CROP = "crop"
    PAD = "pad"


class SameNames(StrEnum):
    """What becomes of names that differ by case or space only."""

    MERGE = "merge"
    KEEP = "keep"


class PartsAre(StrEnum):
    """What folders called train and test are, in which there are no class folders."""

    PARTS = "parts"
    CLASSES = "classes"


class BrokenFiles(StrEnum):
    """What becomes of files that cannot be read."""

    LEAVE_OUT = "leave_out"


class SmallClasses(StrEnum):
    """What becomes of classes with too few pictures to train on and to measure."""

    LEAVE_OUT = "leave_out"
    KEEP = "keep"


class Copies(StrEnum):
    """Which copies are left out; those that stay lie on one side of the division."""

    KEEP = "keep"
    LEAVE_OUT_EQUAL = "leave_out_equal"
    LEAVE_OUT_NEAR = "leave_out_near"


@declared(kw_only=True)
class Rendering(Declared):
    """How a picture of any kind becomes pixels of one size: the same in training and in use.

    Pictures stand upright, of several frames the first counts, transparency lies on the ground.
    """

    place = "rendering"
    may_lack = None

    fit: Annotated[Fit, about("Fit", "of pictures of another shape")] = Fit.STRETCH
    ground: Annotated[
        str, about("Ground", "the colour under transparency and around padded pictures")
    ] = WHITE
    levels: Annotated[
        tuple[Whole, Whole],
        about("Levels", "of pictures with 16 bits: those that become black and white"),
    ] = (0, 65535)

    def __post_init__(self) -> None:
        _check_colour("ground", self.ground)
        if self.levels[0] >= self.levels[1]:
            raise InvalidConfig("levels", f"expected low before high, got {self.levels}")

    @property
    def colour(self) -> tuple[int, int, int]:
        """Red, green and blue of the ground, 0 to 255."""
        red, green, blue = bytes.fromhex(self.ground[1:])
        return red, green, blue


def _check_colour(field: str, text: str) -> None:
    if not re.fullmatch("#[0-9a-f]{6}", text):
        raise InvalidConfig(field, f"expected a colour like {WHITE}, got {text!r}")


Side = Annotated[Whole, about("Side", "of the prepared pictures", unit="px", ge=1, le=LARGEST_SIDE)]


@declared(kw_only=True)
class Answers(Declared):
    """How pictures shall be read: answers to questions, and choices that nothing asks for.

    A field that a question is about has the question's code as its name, and takes one of its
    options.

    Raises:
        InvalidConfig: a value is none of the choices, or one side is given without the other.
    """

    place = "answers"
    may_lack = None

    class_from: Annotated[
        ClassFrom | None, about("Class", "what names it where folders lie in folders")
    ] = None
    labels: Annotated[
        str | None, about("Labels", "`folders`, or the path of the file that has them")
    ] = None
    label_column: Annotated[str | None, about("Label column", "of the file of labels")] = None
    code_page: Annotated[
        str | None, about("Code page", "in which the names in the archive are written")
    ] = None
    same_names: Annotated[
        SameNames | None, about("Same names", "those that differ by case or space only")
    ] = None
    parts: Annotated[
        PartsAre | None, about("Train and test", "what they are without class folders inside")
    ] = None
    broken_files: Annotated[BrokenFiles | None, about("Broken files", "what becomes of them")] = (
        None
    )
    small_classes: Annotated[
        SmallClasses | None, about("Small classes", "with too few pictures to divide them")
    ] = None
    renamed: Annotated[
        tuple[tuple[str, str], ...],
        Pairs(str),
        about("Renamed", "new names of classes by their names; two of one name are merged"),
    ] = ()
    left_out: Annotated[
        tuple[str, ...], about("Left out", "classes by their names, before they are renamed")
    ] = ()
    height: Annotated[Side | None, about("Height", "in pixels; suggested where not given")] = None
    width: Annotated[Side | None, about("Width", "in pixels; suggested where not given")] = None
    fit: Annotated[Fit, about("Fit", "of pictures of another shape")] = Fit.STRETCH
    ground: Annotated[
        str, about("Ground", "the colour under transparency and around padded pictures")
    ] = WHITE
    copies: Annotated[Copies, about("Copies", "which are left out")] = Copies.KEEP

    def __post_init__(self) -> None:
        _check_colour("ground", self.ground)
        if (self.height is None) != (self.width is None):
            raise InvalidConfig("height", "give both height and width, or neither")

    @property
    def size(self) -> tuple[int, int] | None:
        """Height and width in pixels, where they are chosen."""
        return None if self.height is None or self.width is None else (self.height, self.width)


@dataclass(frozen=True, slots=True)
class ClassFound(Declared):
    """A class, and how many pictures of it lie in each part that was given."""

    name: str
    train: int
    validation: int
    test: int


@dataclass(frozen=True, slots=True)
class SizeFound(Declared):
    """A size in pixels, and how many pictures have it."""

    height: int
    width: int
    count: int = 0


@dataclass(frozen=True, slots=True)
class ImageFound(Declared):
    """What pictures are prepared as, and where they differ in size, the sizes found.

    Its JSON has `channels`, `height` and `width`; or, where sizes differ and none is chosen,
    `channels`, `sizes` with the most frequent first, and the one `suggested`.
    """

    may_lack = None

    channels: int
    height: int
    width: int
    sizes: tuple[SizeFound, ...] = ()
    chosen: bool = True

    @property
    def bytes(self) -> int:
        """Size of one prepared picture."""
        return self.channels * self.height * self.width

    @classmethod
    def opened(cls, document: Mapping[str, object]) -> Mapping[str, object]:
        """Sizes as `written` says them."""
        suggested = document.get("suggested")
        if not isinstance(suggested, Mapping):
            return document
        rest = {name: document[name] for name in ("channels", "sizes") if name in document}
        return {**rest, **suggested, "chosen": False}

    @classmethod
    def written(cls, document: dict[str, object]) -> dict[str, object]:
        """Without what is not known, and the suggestion as such."""
        size = {name: document[name] for name in ("height", "width")}
        if document["chosen"]:
            return {"channels": document["channels"], **size}
        return {
            "channels": document["channels"],
            "sizes": document["sizes"],
            "suggested": size,
        }


@dataclass(frozen=True, slots=True)
class Note(Declared):
    """Something that nobody need do anything about.

    Args:
        count: how many files or classes it is about.
        files: their names, the first of them where they are many.
    """

    code: str
    count: int
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fault(Declared):
    """A file that cannot be read, or why the whole cannot be used.

    Args:
        file: the file's path, or the name of the whole.
        text: what is wrong and what to do, in sentences.
    """

    code: str
    file: str
    text: str


@dataclass(frozen=True, slots=True)
class Question(Declared):
    """What must be answered first.

    Args:
        code: the field of `Answers` that takes the answer.
        options: the values that it takes, the likeliest first, each with what it gives: names of
            classes, files or samples.
    """

    code: str
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report(Declared):
    """What was read: classes in natural order, the images, and what there is to say and to ask."""

    place = "report"

    classes: tuple[ClassFound, ...] = ()
    image: ImageFound | None = None
    notes: tuple[Note, ...] = ()
    faults: tuple[Fault, ...] = ()
    questions: tuple[Question, ...] = ()

    @property
    def status(self) -> int:
        """`USABLE`, `ASKS` or `CANNOT_BE_USED`."""
        if self.questions:
            return ASKS
        return CANNOT_BE_USED if self.faults else USABLE
