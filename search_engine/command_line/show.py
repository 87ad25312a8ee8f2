"""`show`: a network's cell, its size and its sites; or the search space's size."""

import argparse
import json
from typing import Any

from search_engine.architecture import (
    AdoptedConfig,
    Architecture,
    Outline,
    SkeletonConfig,
    cell_to_json,
    format_cell,
    search_space_of,
)
from search_engine.command_line.adopted_options import is_adopted, read_adopted
from search_engine.command_line.drawing import draw_cell
from search_engine.command_line.inputs import read_cell, read_image
from search_engine.command_line.network_options import add_network_options, read_skeleton
from search_engine.command_line.outline_drawing import draw_outline


def add_command(commands: Any) -> None:
    """Add the subcommand to argparse's subparsers."""
    parser = commands.add_parser(
        "show",
        help="draw a cell, count a network",
        description="Draw a cell in the terminal, with the parameters and multiply-adds of a"
        " network that has it at its sites; or print the size of the search space.",
    )
    add_network_options(parser)
    parser.add_argument("--image", type=read_image, metavar="C,H,W", help="shape of an image")
    parser.add_argument("--classes", type=int, metavar="N")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--space", action="store_true", help="print the search space's size")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Print what was asked for.

    Raises:
        SearchEngineError: the input is at fault.
    """
    skeleton = read_skeleton(arguments, arguments.image, arguments.classes)
    if arguments.space:
        _show_space(skeleton, as_json=arguments.json)
        return
    cell = read_cell(arguments.cell, skeleton)
    outline = None
    if is_adopted(arguments.network):
        _, outline = read_adopted(arguments, arguments.image, arguments.classes)
    _show_network(Architecture(skeleton, cell), outline, as_json=arguments.json)


def _show_network(architecture: Architecture, outline: Outline | None, *, as_json: bool) -> None:
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
        if outline is not None:
            document["outline"] = outline.to_json()
        print(json.dumps(document, indent=2))
        return
    image = architecture.skeleton.image
    if outline is not None:
        print(draw_outline(outline, {block.name for block in architecture.skeleton.layout()}))
        print()
    print(draw_cell(architecture.cell))
    print()
    print(f"notation       {format_cell(architecture.cell)}")
    print(f"network        {_name(architecture.skeleton)}, cell at {len(sites)} sites")
    print(f"parameters     {cost.parameters:,}  ({_short(cost.parameters)})")
    print(
        f"multiply-adds  {cost.multiply_adds:,}  ({_short(cost.multiply_adds)})"
        f" for an image of {image.channels} x {image.height} x {image.width}"
    )


def _show_space(skeleton: SkeletonConfig, *, as_json: bool) -> None:
    space = search_space_of(skeleton)
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


def _name(skeleton: SkeletonConfig) -> str:
    return skeleton.model if isinstance(skeleton, AdoptedConfig) else skeleton.family


def _short(number: int) -> str:
    for unit, scale in (("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if number >= scale:
            return f"{number / scale:.1f} {unit}"
    return str(number)
