"""Whether a cell fits another network, and whether its trained weights can go there too."""

from collections.abc import Iterator
from dataclasses import fields

from search_engine.spec import (
    Architecture,
    Cell,
    CellTransformation,
    Deepen,
    InsertNode,
    Merge,
    Operation,
    ReplaceIdentity,
    SetMerge,
    SkeletonConfig,
    Transformation,
    Widen,
)
from search_engine.spec.cell import Node, Path
from search_engine.spec.errors import IllegalTransformation, InvalidArchitecture, InvalidConfig

_GROWING = ("widths", "extra_layers", "drop_path")
"""What may differ between a trial's skeleton and the one that its weights grow into."""


def placed(cell: Cell, skeleton: SkeletonConfig) -> Architecture:
    """The network with a cell that may have been found in another one.

    The order of weight, batch norm and ReLU is the skeleton's: a cell has none of its own.

    Raises:
        InvalidConfig: of `cell`: widths cannot be divided among its branches or by the groups, or
            it has grouped convolutions and the skeleton a single group.
    """
    if skeleton.groups == 1 and _is_grouped(cell.root):
        raise InvalidConfig(
            "cell",
            "it has grouped 3x3 convolutions, which with 1 group are plain ones and another network"
            ": expected a skeleton with groups of 2 or more",
        )
    try:
        return Architecture(skeleton, cell)
    except InvalidArchitecture as error:
        raise InvalidConfig(
            "cell", f"it does not fit this {skeleton.family} with {skeleton.groups} groups: {error}"
        ) from None


def growth_plan(found: Architecture, wanted: Architecture) -> tuple[Transformation, ...]:
    """The transformations that lead from a network to a larger one, in which its weights go on.

    Args:
        found: the network whose trained weights there are: a trial's, or a start network, in which
            the cell grows.
        wanted: the network of the final training; its DropPath may differ.

    Returns:
        Nothing where both are the same network, else steps of the cell, then `Widen` and `Deepen`.

    Raises:
        InvalidConfig: of `weights`: no transformation leads there, so it must start from scratch.
    """
    _check_same_outside(found.skeleton, wanted.skeleton)
    plan: list[Transformation] = []
    if found.cell != wanted.cell:
        if found.cell != found.skeleton.start_cell:
            raise _impossible("the cell is another than the one whose weights there are")
        plan += _grown((), wanted.cell.root)
    plan += _steps(found.skeleton, wanted.skeleton)
    reached = found
    for step in plan:
        try:
            reached = reached.after(step)
        except IllegalTransformation as error:
            raise _impossible(str(error)) from None
    if reached.cell != wanted.cell:
        raise _impossible("no transformation makes this cell of the start cell")
    return tuple(plan)


def _grown(path: Path, node: Node) -> Iterator[CellTransformation]:
    """The steps that make a node of one branch over a leaf, whose edge is the identity or, at the
    root, the start cell's.
    """
    replaced = set[int]() if path else {*range(len(node.branches))}
    if node.merge is not Merge.NONE:
        merge = SetMerge(path, node.merge, len(node.branches))
        # Whether the input is divided depends on the edge that is copied.
        if path and merge.allocation(Operation.IDENTITY) is not node.allocation:
            yield ReplaceIdentity((*path, 0), node.branches[0].operation)
            replaced = {*range(len(node.branches))}
        yield merge
    for place, branch in enumerate(node.branches):
        if place not in replaced and branch.operation is not Operation.IDENTITY:
            yield ReplaceIdentity((*path, place), branch.operation)
        if not branch.node.is_leaf:
            yield InsertNode((*path, place))
            yield from _grown((*path, place), branch.node)


def _check_same_outside(found: SkeletonConfig, wanted: SkeletonConfig) -> None:
    if found.family != wanted.family:
        raise _impossible(f"the trial's network is a {found.family}, not a {wanted.family}")
    for field in fields(found):
        mine, other = getattr(found, field.name), getattr(wanted, field.name)
        if field.name not in _GROWING and mine != other:
            raise _impossible(
                f"{field.name}: the trial's network has {mine!s:.60}, not {other!s:.60}"
            )


def _steps(found: SkeletonConfig, wanted: SkeletonConfig) -> list[Transformation]:
    """Widen first: layers that `Deepen` adds have the new width."""
    before, after = found.hidden_layers(), wanted.hidden_layers()
    widen: list[Transformation] = []
    deepen: list[Transformation] = []
    for name, layer in after.items():
        old = before[name]
        if layer.width < old.width or layer.extra < old.extra:
            raise _impossible(f"{name} would become smaller")
        if layer.width > old.width:
            widen.append(Widen(name, layer.width))
        deepen += [Deepen(name)] * (layer.extra - old.extra)
    return widen + deepen


def _is_grouped(node: Node) -> bool:
    return any(
        branch.operation is Operation.GROUP_CONV_3X3 or _is_grouped(branch.node)
        for branch in node.branches
    )


def _impossible(reason: str) -> InvalidConfig:
    return InvalidConfig("weights", f"it can only be trained from scratch: {reason}")
