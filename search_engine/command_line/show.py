"""`show`: a network's cell, its size and its sites; or the search space's size."""

import argparse
import json

from search_engine.command_line.adopted import is_adopted, read_adopted
from search_engine.command_line.drawing import draw_cell, draw_outline
from search_engine.command_line.options import read_cell, read_skeleton
from search_engine.spec import (
    AdoptedConfig,
    Architecture,
    Outline,
    SkeletonConfig,
    cell_to_json,
    format_cell,
    search_space_of,
)


def show(arguments: argparse.Namespace) -> int:
    """Print what was asked for.

    Raises:
        SearchEngineError: the input is at fault.
    """
    skeleton = read_skeleton(arguments, arguments.image, arguments.classes)
    if arguments.space:
        _show_space(skeleton, as_json=arguments.json)
        return 0
    cell = read_cell(arguments.cell, skeleton)
    outline = None
    if is_adopted(arguments.network):
        _, outline = read_adopted(arguments, arguments.image, arguments.classes)
    _show_network(Architecture(skeleton, cell), outline, as_json=arguments.json)
    return 0


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
