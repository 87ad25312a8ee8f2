"""Options of commands: those that are made from declarations, and what reads the others."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from search_engine.command_line.adopted import add_adopted_options, is_adopted, read_adopted
from search_engine.spec import (
    FAMILIES,
    NAMED_CELLS,
    Cell,
    ImageShape,
    SkeletonConfig,
    cell_from_text,
    parse_cell,
)
from search_engine.spec.declared import Declared
from search_engine.spec.documents import MAX_DOCUMENT_BYTES
from search_engine.spec.errors import InvalidArchitecture, InvalidConfig
from search_engine.spec.fields import Kind, Setting, settings_of_type
from search_engine.spec.final_training import FinalTrainingConfig
from search_engine.spec.pictures import Answers

D = TypeVar("D", bound=Declared)

SKELETON_FLAGS = {
    "--blocks": "skeleton.blocks",
    "--growth": "skeleton.growth",
    "--alpha": "skeleton.alpha",
    "--channels": "skeleton.channels",
    "--groups": "skeleton.groups",
    "--order": "skeleton.order",
    "--drop-path": "skeleton.drop_path",
}
FINE_TUNING_FLAGS = {
    "--old-rate": "recipe.old_rate",
    "--crop-area": "recipe.augmentation.crop_area",
    "--mirror": "recipe.augmentation.flip",
    "--colour": "recipe.augmentation.colour",
    "--rand-augment": "recipe.augmentation.rand_augment",
    "--mixup": "recipe.augmentation.mixup",
    "--cutmix": "recipe.augmentation.cutmix",
}
"""In a search they hold for the start network's training, too."""
TRAINING_FLAGS = {
    "--epochs": "recipe.epochs",
    "--batch-size": "recipe.batch_size",
    "--learning-rate": "recipe.learning_rate",
    "--weight-decay": "recipe.weight_decay",
    "--label-smoothing": "recipe.label_smoothing",
    "--class-weights": "recipe.class_weights",
    "--ema": "recipe.ema_decay",
    **FINE_TUNING_FLAGS,
    "--head-epochs": "recipe.head_epochs",
    "--cutout": "cutout",
    "--validation": "data.validation",
    "--folds": "data.folds",
    "--seed": "seed",
}
BUDGET_FLAGS = {
    "--trials": "budget.max_trials",
    "--seconds": "budget.max_seconds",
    "--compute": "budget.max_compute",
}
ANSWER_FLAGS = {
    f"--{name.replace('_', '-')}": name
    for name in (
        "class_from",
        "labels",
        "label_column",
        "code_page",
        "same_names",
        "parts",
        "broken_files",
        "small_classes",
        "fit",
        "ground",
        "copies",
    )
}
"""Answers to questions about pictures: each option is called like its question."""
SEARCH_FLAGS = {
    "--data": "data.name",
    **BUDGET_FLAGS,
    "--epochs": "recipe.epochs",
    "--start-rounds": "start_rounds.max_rounds",
    "--class-weights": "recipe.class_weights",
    **FINE_TUNING_FLAGS,
    "--head-epochs": "start_recipe.head_epochs",
    "--measure": "measure",
    "--strategy": "strategy",
    "--parallel": "parallel",
    "--control": "control",
    "--confirm": "confirmation.finalists",
    "--confirm-seeds": "confirmation.seeds",
    "--seed": "seed",
}


def add_settings(
    parser: argparse.ArgumentParser,
    kind: type[Declared],
    flags: Mapping[str, str],
    *,
    defaults_of: str | None = None,
) -> None:
    """Add an option for each of these settings, with the help and limits of its declaration.

    What is given stands in the arguments under the setting's dotted place, else None.

    Args:
        kind: the config that declares the settings.
        flags: from an option to the place of its setting.
        defaults_of: the part of the config whose defaults the help tells.
    """
    settings = {setting.place: setting for setting in settings_of_type(kind)}
    for flag, place in flags.items():
        setting = settings[place]
        told = setting.default if place.split(".")[0] == defaults_of else None
        parser.add_argument(flag, dest=place, help=_help(setting, told), **_reading(setting))


def add_answers(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how a folder or archive of pictures shall be read."""
    add_settings(parser, Answers, ANSWER_FLAGS)
    parser.add_argument("--rename", action="append", metavar="OLD=NEW", help="rename a class")
    parser.add_argument("--leave-out", action="append", metavar="CLASS", help="leave a class out")
    parser.add_argument(
        "--size", type=read_size, metavar="H,W", help="height and width; suggested by default"
    )
    parser.add_argument("--answers", type=Path, metavar="FILE", help="all answers, as JSON")


def _reading(setting: Setting) -> dict[str, Any]:
    match setting.kind:
        case Kind.CHOICE:
            return {"choices": setting.choices}
        case Kind.FLAG:
            return {"action": argparse.BooleanOptionalAction}
        case Kind.INTEGER:
            return {"type": int, "metavar": "N"}
        case Kind.NUMBER:
            return {"type": float, "metavar": "X"}
        case Kind.INTEGERS:
            return {"type": read_numbers, "metavar": "N"}
    return {"metavar": "NAME"}


def _help(setting: Setting, default: object) -> str:
    of = f"{', '.join(setting.variants)}: " if setting.variants else ""
    limits = " ".join(filter(None, (setting.limits, setting.unit if setting.limits else "")))
    usual = "" if default is None else f"{default} by default"
    return "; ".join(filter(None, (of + setting.help, limits, usual))).replace("%", "%%")


def given(arguments: argparse.Namespace, flags: Mapping[str, str]) -> dict[str, Any]:
    """The settings that were given, by their places."""
    found = {place: getattr(arguments, place) for place in flags.values()}
    return {place: value for place, value in found.items() if value is not None}


def changed(config: D, settings: Mapping[str, Any]) -> D:
    """The config with other values at these places.

    Raises:
        InvalidConfig: a value is outside its limits, or two do not go together.
    """
    document = config.to_json()
    for place, value in settings.items():
        *way, last = place.split(".")
        part = document
        for name in way:
            part = part[name]
        part[last] = value
    return type(config).from_json(document)


def add_network_options(parser: argparse.ArgumentParser) -> None:
    """Add the options for `read_skeleton` and `read_cell`."""
    add_adopted_options(parser, default="densenet")
    parser.add_argument(
        "--cell",
        default="start",
        metavar="CELL",
        help="start, tree-cell-a, tree-cell-b, a .json file, or notation such as 'add[G3x3, G3x3]'",
    )
    add_settings(parser, FinalTrainingConfig, SKELETON_FLAGS)


def read_skeleton(
    arguments: argparse.Namespace, image: ImageShape | None, classes: int | None
) -> SkeletonConfig:
    """The skeleton that the options describe; what is not given keeps the family's default.

    Args:
        arguments: with the options of `add_network_options`.

    Raises:
        InvalidConfig: an option belongs to another family, or is outside its limits.
    """
    network = arguments.network
    settings = {
        place.removeprefix("skeleton."): value
        for place, value in given(arguments, SKELETON_FLAGS).items()
    }
    if is_adopted(network):
        _check_known(settings, ("order", "drop_path"), network)
        config, _ = read_adopted(arguments, image, classes)
        return changed(config, settings)
    if arguments.sites is not None:
        raise InvalidConfig("--sites", f"{network} has a cell in every block")
    usual = FAMILIES[network]().to_json()
    _check_known(settings, usual, network)
    if "blocks" in settings and isinstance(usual["blocks"], int):
        if len(settings["blocks"]) != 1:
            raise InvalidConfig("--blocks", f"{network} takes one number for all its stages")
        (settings["blocks"],) = settings["blocks"]
    shape = {"image": image and image.to_json(), "classes": classes}
    settings |= {name: value for name, value in shape.items() if value is not None}
    return FAMILIES[network].from_json(usual | settings)


def _check_known(settings: Mapping[str, Any], known: Any, network: str) -> None:
    for name in settings:
        if name not in known:
            raise InvalidConfig(f"--{name}", f"{network} has no such setting")


def read_cell(text: str, skeleton: SkeletonConfig) -> Cell:
    """A cell by name, from a JSON file, or in notation.

    Args:
        text: `start`, a built-in cell's name, a path that ends in `.json`, or one-line notation.
        skeleton: whose start cell `start` means.

    Raises:
        InvalidArchitecture: none of these.
    """
    if text == "start":
        return skeleton.start_cell
    if text in NAMED_CELLS:
        return NAMED_CELLS[text]
    if text.endswith(".json"):
        return cell_from_text(_read_file(Path(text)))
    if "[" not in text:
        names = ", ".join(("start", *NAMED_CELLS))
        raise InvalidArchitecture(
            "cell", f"expected {names}, a .json file or notation with brackets, got {text[:60]!r}"
        )
    return parse_cell(text)


def read_image(text: str) -> ImageShape:
    """`3,32,32`: channels, height, width."""
    numbers = read_numbers(text)
    if len(numbers) != 3:
        raise argparse.ArgumentTypeError(f"expected channels,height,width, got {text!r}")
    try:
        return ImageShape(*numbers)
    except InvalidConfig as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def read_size(text: str) -> tuple[int, int]:
    """`96,128`, or `96` for a square: height and width."""
    numbers = read_numbers(text)
    if len(numbers) not in (1, 2):
        raise argparse.ArgumentTypeError(f"expected height,width, got {text!r}")
    return numbers[0], numbers[-1]


def read_numbers(text: str) -> tuple[int, ...]:
    """`4,6,8`: whole numbers with commas between."""
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"expected whole numbers with commas between, got {text!r}"
        ) from None


def _read_file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            # One byte more than is allowed is enough to be refused.
            return file.read(MAX_DOCUMENT_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or str(error)
        raise InvalidArchitecture(str(path), reason) from None
