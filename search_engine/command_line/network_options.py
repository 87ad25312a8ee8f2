"""Options that describe a network: its skeleton and its cell."""

import argparse
from dataclasses import replace
from typing import Any

from search_engine.architecture import FAMILIES, ImageShape, Order, SkeletonConfig
from search_engine.command_line.adopted_options import (
    add_adopted_options,
    is_adopted,
    read_adopted,
)
from search_engine.command_line.inputs import read_numbers
from search_engine.errors import InvalidConfig

_SETTINGS = ("blocks", "growth", "alpha", "channels", "groups", "drop_path")


def add_network_options(parser: argparse.ArgumentParser) -> None:
    """Add the options for `read_skeleton` and `read_cell`."""
    add_adopted_options(parser, default="densenet")
    parser.add_argument(
        "--cell",
        default="start",
        metavar="CELL",
        help="start, tree-cell-a, tree-cell-b, a .json file, or notation such as 'add[G3x3, G3x3]'",
    )
    parser.add_argument(
        "--blocks", type=read_numbers, metavar="N", help="blocks in each stage (condensenet: N,N,…)"
    )
    parser.add_argument("--growth", type=int, metavar="K", help="densenet: channels a block adds")
    parser.add_argument("--alpha", type=int, metavar="A", help="pyramidnet: growth of the width")
    parser.add_argument("--channels", type=int, metavar="C", help="chainnet: width of stage 1")
    parser.add_argument("--groups", type=int, metavar="G", help="of the start cell's convolution")
    parser.add_argument("--order", choices=[order.value for order in Order])
    parser.add_argument(
        "--drop-path", type=float, metavar="P", help="share of branches under add dropped"
    )


def read_skeleton(
    arguments: argparse.Namespace, image: ImageShape | None, classes: int | None
) -> SkeletonConfig:
    """The skeleton that the options describe; what is not given keeps the family's default.

    Args:
        arguments: with the options of `add_network_options`.
        image: shape of its input.
        classes: how many it tells apart.

    Raises:
        InvalidConfig: an option belongs to another family, or is outside its limits.
    """
    given = {name: getattr(arguments, name) for name in _SETTINGS}
    if is_adopted(arguments.network):
        return _adopted(arguments, given, image, classes)
    if arguments.sites is not None:
        raise InvalidConfig("--sites", f"{arguments.network} has a cell in every block")
    kind = FAMILIES[arguments.network]
    settings: dict[str, Any] = {"image": image, "classes": classes, **given}
    settings = {name: value for name, value in settings.items() if value is not None}
    for name in settings:
        if not hasattr(kind, name):
            raise InvalidConfig(f"--{name}", f"{kind.family} has no such setting")
    if "blocks" in settings and isinstance(kind.__dict__["blocks"], int):
        if len(settings["blocks"]) != 1:
            raise InvalidConfig("--blocks", f"{kind.family} takes one number for all its stages")
        (settings["blocks"],) = settings["blocks"]
    if arguments.order:
        settings["order"] = Order(arguments.order)
    return kind(**settings)


def _adopted(
    arguments: argparse.Namespace,
    given: dict[str, Any],
    image: ImageShape | None,
    classes: int | None,
) -> SkeletonConfig:
    drop_path = given.pop("drop_path") or 0.0
    for name, value in given.items():
        if value is not None:
            raise InvalidConfig(f"--{name}", f"{arguments.network} has no such setting")
    config, _ = read_adopted(arguments, image, classes)
    order = Order(arguments.order) if arguments.order else config.order
    return replace(config, order=order, drop_path=drop_path)
