"""Whether a cell fits another network, and whether its trained weights can go there too."""

from dataclasses import fields

from search_engine.spec import (
    Architecture,
    Cell,
    Deepen,
    Operation,
    SkeletonConfig,
    Transformation,
    Widen,
)
from search_engine.spec.cell import Node
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
    """The transformations of layers that lead from a trial's network to a larger one.

    Args:
        found: the network whose trained weights there are.
        wanted: the network of the final training; its DropPath may differ.

    Returns:
        Nothing where both are the same network, else `Widen` and `Deepen` steps.

    Raises:
        InvalidConfig: of `weights`: no transformation leads there, so it must start from scratch.
    """
    if found.cell != wanted.cell:
        raise _impossible("the cell is another than the one whose weights there are")
    _check_same_outside(found.skeleton, wanted.skeleton)
    plan: list[Transformation] = []
    reached = found
    for step in _steps(found.skeleton, wanted.skeleton):
        try:
            reached = reached.after(step)
        except IllegalTransformation as error:
            raise _impossible(str(error)) from None
        plan.append(step)
    return tuple(plan)


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
