"""What each archive in `tests/fixtures/cases` must give, as a user would expect it.

The archives are modelled on public bug reports of other tools.
"""

from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "fixtures" / "cases"
TWELVE = {"birch": (12, 0, 0), "oak": (12, 0, 0)}
THREE = {"birch": (3, 0, 0), "oak": (3, 0, 0)}
THIRTEEN = {"birch": (12, 0, 0), "oak": (13, 0, 0)}
SMALL = (3, 16, 16)


@dataclass(frozen=True)
class Case:
    """What a file must give.

    Args:
        status: 0, usable as it is; 3, asks first; 2, cannot be used.
        classes: pictures for training, validation and test, by class.
        image: channels, height and width; the suggested ones where `sizes` are more.
        sizes: how many sizes are told, where they are not that of the prepared pictures.
        notes: how many files or classes each is about, by code.
        faults: the file, by code; empty where it is the archive itself.
        questions: the options of each, by code; the first of them where there are many.
        answers: to the questions; afterwards it can be used.
    """

    status: int
    classes: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    image: tuple[int, int, int] | None = SMALL
    sizes: int = 0
    notes: dict[str, int] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    questions: dict[str, list[str]] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)


def refused(code: str, **changes: object) -> Case:
    """An archive that cannot be used, for one reason that is its own."""
    return Case(2, image=None, faults={code: ""}, **changes)  # type: ignore[arg-type]


def broken(code: str, file: str, classes: dict[str, tuple[int, int, int]]) -> Case:
    """An archive with one broken file, which can be left out."""
    return Case(
        3,
        classes,
        faults={code: file},
        questions={"broken_files": ["leave_out"]},
        answers={"broken_files": "leave_out"},
    )


CASES = {
    # Phones lay pictures on their side and note it: they are turned, and are of one size then.
    "a01_exif_rotated.zip": Case(
        0, THREE, notes={"rotated": 3, "equal_copies": 4, "few_pictures": 2}
    ),
    "a02_exif_sizes.zip": Case(
        0, THREE, (3, 16, 12), notes={"rotated": 3, "equal_copies": 4, "few_pictures": 2}
    ),
    "a03_ipynb_checkpoints.zip": Case(0, TWELVE, notes={"other_files": 1}),
    # The parts that tools make, in their words and any case.
    "a05_roboflow_train_valid_test.zip": Case(
        0, {"birch": (12, 4, 4), "oak": (12, 4, 4)}, notes={"other_files": 2}
    ),
    "a06_train_valid_test_clean.zip": Case(0, {"birch": (12, 4, 4), "oak": (12, 4, 4)}),
    "a07_train_val.zip": Case(0, {"birch": (12, 4, 0), "oak": (12, 4, 0)}),
    "a08_Train_Test_caps.zip": Case(0, {"birch": (12, 0, 4), "oak": (12, 0, 4)}),
    # A table that says nothing about the pictures is a file like another.
    "a10_root_csv.zip": Case(0, TWELVE, notes={"other_files": 1}),
    # Its table labels one of twelve pictures.
    "a11_flat_csv.zip": refused("too_few_classes", notes={"no_label": 11}),
    "a12_txt_in_class.zip": Case(0, TWELVE, notes={"other_files": 1}),
    "a14_appledouble.zip": Case(0, TWELVE, notes={"other_files": 1}),
    # All of one grey level, in both classes.
    "a17_png16.zip": Case(
        0,
        TWELVE,
        (1, 16, 16),
        notes={"sixteen_bit": 24, "equal_copies": 23, "conflicting_copies": 24},
    ),
    "a18_png16_rgb.zip": Case(0, THIRTEEN),
    "a19_cmyk.zip": Case(0, THIRTEEN),
    "a22_avif.zip": Case(0, THIRTEEN),
    "a23_animated_gif.zip": Case(0, THIRTEEN, notes={"several_frames": 1}),
    "a24_grey_palette.zip": Case(
        0,
        THREE,
        (1, 16, 16),
        notes={
            "grey_in_colour": 6,
            "equal_copies": 5,
            "conflicting_copies": 6,
            "few_pictures": 2,
        },
    ),
    # Black squares on nothing: on white they are grey.
    "a25_transparent_rgba.zip": Case(
        0,
        THREE,
        (1, 16, 16),
        notes={
            "transparent": 6,
            "grey_in_colour": 6,
            "equal_copies": 5,
            "conflicting_copies": 6,
            "few_pictures": 2,
        },
    ),
    # One class is grey and the other in colour: said, for a network would learn that.
    "a26_mixed_grey_rgb.zip": Case(0, TWELVE, notes={"mixed_colours": 12}),
    "a27_one_image_a_class.zip": refused("too_few_pictures", notes={"few_pictures": 5}),
    "a29_gbk_names.zip": Case(
        3,
        {"狗": (3, 0, 0), "猫": (3, 0, 0)},
        notes={"few_pictures": 2},
        questions={"code_page": ["gbk", "shift_jis"]},
        answers={"code_page": "gbk"},
    ),
    "a30_utf8_unflagged.zip": Case(
        3,
        {"hiver": (3, 0, 0), "été": (3, 0, 0)},
        notes={"few_pictures": 2},
        questions={"code_page": ["utf-8", "gbk"]},
        answers={"code_page": "utf-8"},
    ),
    "a32_encrypted.zip": refused("zip_encrypted"),
    "a33_deflate64.zip": refused("zip_deflate64"),
    "a35_truncated_jpeg.zip": broken("damaged_picture", "oak/x.jpg", TWELVE),
    "a36_zero_byte.zip": broken("damaged_picture", "oak/x.png", TWELVE),
    "a38_nested_classes.zip": Case(
        3,
        {"big": (6, 0, 0), "small": (6, 0, 0)},
        notes={"few_pictures": 2},
        questions={"class_from": ["folder", "top", "path"]},
        answers={"class_from": "folder"},
    ),
    # Nothing can be learned of a class that only the test pictures have.
    "a41_test_extra_class.zip": Case(
        0, {"birch": (12, 0, 4), "oak": (12, 0, 4)}, notes={"class_only_in_test": 1}
    ),
    "a42_unlabelled_test.zip": Case(0, TWELVE, notes={"unlabelled_test": 4}),
    # Mixed sizes are usual: one is suggested, and nothing need be answered.
    "a43_sizes_differ.zip": Case(0, THIRTEEN, sizes=2, notes={"mixed_sizes": 2}),
    "a44_dup_conflict.zip": Case(
        0,
        {"birch": (13, 0, 0), "oak": (13, 0, 0)},
        notes={"equal_copies": 1, "conflicting_copies": 2},
    ),
    # One picture, saved anew in six qualities, and all that in both classes.
    "a45_near_dup.zip": Case(
        0,
        {"birch": (6, 0, 0), "oak": (6, 0, 0)},
        (3, 64, 64),
        notes={
            "equal_copies": 6,
            "near_copies": 5,
            "conflicting_copies": 12,
            "few_pictures": 2,
        },
    ),
    "a46_imbalance.zip": Case(
        0,
        {"birch": (3, 0, 0), "oak": (300, 0, 0)},
        notes={"unbalanced": 2, "few_pictures": 1},
    ),
    # Networks halve pictures: one pixel is drawn out to eight.
    "a51_tiny_1x1.zip": Case(0, TWELVE, (3, 8, 8), sizes=1, notes={"tiny_pictures": 24}),
    "a52_big_dim_20MP_phone.zip": Case(
        0, THIRTEEN, sizes=2, notes={"mixed_sizes": 2, "mixed_colours": 1}
    ),
    "a54_wrong_ext.zip": Case(
        0, {"birch": (12, 0, 0), "oak": (14, 0, 0)}, notes={"wrong_extension": 2}
    ),
    "a61.tar.gz": refused("too_few_classes"),
    "a62.zip": refused("web_page"),
    "a68_crc.zip": broken("unreadable_file", "oak/0.png", {"birch": (12, 0, 0), "oak": (11, 0, 0)}),
}
