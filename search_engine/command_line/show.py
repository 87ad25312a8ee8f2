"""`show`: a network's cell, its size and its sites; or the search space's size."""

import argparse
import json
from typing import Any

from search_engine.architecture import (
    FAMILIES,
    Architecture,
    Order,
    SearchSpace,
    SkeletonConfig,
    cell_to_json,
    format_cell,
)
from search_engine.command_line.drawing import draw_cell
from search_engine.command_line.inputs import read_cell, read_image, read_numbers
from search_engine.errors import InvalidConfig

FAMILY_OPTIONS = ("blocks", "growth", "alpha", "channels")


def add_command(commands: Any) -> None:
    """Add the subcommand to argparse's subparsers."""
    parser = commands.add_parser(
        "show",
        help="draw a cell, count a network",
        description="Draw a cell in the terminal, with the parameters and multiply-adds of a"
        " network that has it at its sites; or print the size of the search space.",
    )
    parser.add_argument("--network", choices=FAMILIES, default="densenet")
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
    parser.add_argument("--image", type=read_image, metavar="C,H,W", help="shape of an image")
    parser.add_argument("--classes", type=int, metavar="N")
    parser.add_argument("--order", choices=[order.value for order in Order])
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--space", action="store_true", help="print the search space's size")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Print what was asked for.

    Raises:
        SearchEngineError: the input is at fault.
    """
    skeleton = read_skeleton(arguments)
    if arguments.space:
        _show_space(skeleton, as_json=arguments.json)
        return
    cell = read_cell(arguments.cell, skeleton)
    _show_network(Architecture(skeleton, cell), as_json=arguments.json)


def read_skeleton(arguments: argparse.Namespace) -> SkeletonConfig:
    """The skeleton that the options describe; what is not given keeps the family's default.

    Raises:
        InvalidConfig: an option belongs to another family, or is outside its limits.
    """
    kind = FAMILIES[arguments.network]
    settings: dict[str, Any] = {}
    for name in (*FAMILY_OPTIONS, "groups", "image", "classes"):
        value = getattr(arguments, name)
        if value is None:
            continue
        if not hasattr(kind, name):
            raise InvalidConfig(f"--{name}", f"{kind.family} has no such setting")
        settings[name] = value
    if "blocks" in settings and isinstance(kind.__dict__["blocks"], int):
        if len(settings["blocks"]) != 1:
            raise InvalidConfig("--blocks", f"{kind.family} takes one number for all its stages")
        (settings["blocks"],) = settings["blocks"]
    if arguments.order:
        settings["order"] = Order(arguments.order)
    return kind(**settings)


def _show_network(architecture: Architecture, *, as_json: bool) -> None:
    cost, sites = architecture.cost, architecture.skeleton.sites()
    if as_json:
        document = {
            "parameters": cost.parameters,
            "multiply_adds": cost.multiply_adds,
            "sites": len(sites),
            "cell": cell_to_json(architecture.cell),
            "notation": format_cell(architecture.cell),
            "architecture": architecture.to_json(),
        }
        print(json.dumps(document, indent=2))
        return
    image = architecture.skeleton.image
    print(draw_cell(architecture.cell))
    print()
    print(f"notation       {format_cell(architecture.cell)}")
    print(f"network        {architecture.skeleton.family}, cell at {len(sites)} sites")
    print(f"parameters     {cost.parameters:,}  ({_short(cost.parameters)})")
    print(
        f"multiply-adds  {cost.multiply_adds:,}  ({_short(cost.multiply_adds)})"
        f" for an image of {image.channels} x {image.height} x {image.width}"
    )


def _show_space(skeleton: SkeletonConfig, *, as_json: bool) -> None:
    start = skeleton.start_cell.root.branches[0].operation
    space = SearchSpace(start_edge=start, groups=skeleton.groups)
    ordered, canonical = space.size(), space.size(canonical=True)
    if as_json:
        print(
            json.dumps(
                {"ordered": ordered, "canonical": canonical, "search_space": space.to_json()}
            )
        )
        return
    print(f"ordered trees                 {ordered:,}  ({ordered:.1e})")
    print(f"up to the order under add     {canonical:,}  ({canonical:.1e})")


def _short(number: int) -> str:
    for unit, scale in (("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if number >= scale:
            return f"{number / scale:.1f} {unit}"
    return str(number)
