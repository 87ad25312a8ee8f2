"""Which channels may stand for which when a layer inside or beside a cell is made wider.

A wider layer's new channels are copies of old ones. Where a cell splits or joins channels, or
groups them, a copy must stay in the part that its original is in. The cuts between parts are
collected as pairs (old channel, new channel); between two cuts lies a region, and copies are made
within regions.
Reference: Chen et al. 2016, section 2.2 (arXiv:1511.05641), which knows only one region.
"""

from dataclasses import dataclass
from itertools import pairwise

from search_engine.spec.cell import Branch, Cell, Node
from search_engine.spec.errors import InvalidArchitecture
from search_engine.spec.operations import Operation
from search_engine.spec.schemes import Allocation, Merge, split_ranges
from search_engine.spec.shapes import Shape, branch_shapes
from search_engine.spec.skeletons import SkeletonConfig

Cut = tuple[int, int]
"""A boundary between channels, in the old and in the new numbering."""


@dataclass(frozen=True, slots=True)
class Region:
    """Old channels `start` up to `stop`, which become `width` new ones: themselves, then copies."""

    start: int
    stop: int
    width: int


def widened_regions(
    cell: Cell, old: SkeletonConfig, new: SkeletonConfig, layer: str
) -> tuple[Region, ...]:
    """The regions of a hidden layer that is wider in `new` than in `old`.

    Raises:
        InvalidArchitecture: the cell's parts leave no way to copy channels within them.
    """
    cuts: set[Cut] = set()
    for before, after in zip(old.layout(), new.layout(), strict=True):
        tree = cell if before.searched else old.start_cell
        if before.site.in_channels != after.site.in_channels:
            cuts |= _input_cuts(tree.root, before.site, after.site)
        if before.site.out_channels != after.site.out_channels:
            cuts |= _output_cuts(tree.root, before.site, after.site)
    hidden, wider = old.hidden_layers()[layer], new.hidden_layers()[layer].width
    for groups in hidden.groups:
        cuts |= _group_cuts(hidden.width, wider, groups, 0, 0)
    return _regions(cuts | {(0, 0), (hidden.width, wider)}, layer, hidden.multiple)


def _regions(cuts: set[Cut], layer: str, multiple: int) -> tuple[Region, ...]:
    ordered = sorted(cuts)
    regions = []
    for (start, new_start), (stop, new_stop) in pairwise(ordered):
        region = Region(start, stop, new_stop - new_start)
        if stop == start or region.width < stop - start:
            raise InvalidArchitecture(
                layer,
                f"the cell cuts channels {start} to {stop} so that they would have to become"
                f" {region.width}; choose another width",
            )
        if start % multiple or stop % multiple or region.width % multiple:
            raise InvalidArchitecture(
                layer,
                f"channels {start} to {stop} would become {region.width}: expected multiples of the"
                f" {multiple} learned groups; choose another width",
            )
        regions.append(region)
    return tuple(regions)


def _input_cuts(node: Node, old: Shape, new: Shape, start: int = 0, new_start: int = 0) -> set[Cut]:
    """Cuts of the channels that enter a node: parts of a split, groups of grouped convolutions."""
    cuts: set[Cut] = set()
    pairs = zip(branch_shapes(node, old), branch_shapes(node, new), strict=True)
    for branch, (before, after) in zip(node.branches, pairs, strict=True):
        cuts.add((start, new_start))
        if _divides(branch, before, after):
            cuts |= _group_cuts(
                before.in_channels, after.in_channels, before.groups, start, new_start
            )
        if node.allocation is Allocation.SPLIT:
            start += before.in_channels
            new_start += after.in_channels
    return cuts


def _output_cuts(
    node: Node, old: Shape, new: Shape, start: int = 0, new_start: int = 0
) -> set[Cut]:
    """Cuts of the channels that leave a node: parts of concats, groups of grouped convolutions."""
    cuts: set[Cut] = set()
    pairs = zip(branch_shapes(node, old), branch_shapes(node, new), strict=True)
    for index, (branch, (before, after)) in enumerate(zip(node.branches, pairs, strict=True)):
        begin, new_begin = start, new_start
        if node.merge is Merge.CONCAT:
            parts = len(node.branches)
            begin += split_ranges(old.out_channels, parts)[index][0]
            new_begin += split_ranges(new.out_channels, parts)[index][0]
        cuts.add((begin, new_begin))
        if _divides(branch, before, after):
            cuts |= _group_cuts(
                before.out_channels, after.out_channels, before.groups, begin, new_begin
            )
        # Below the root the channels that leave a node's edge are those that enter the next.
        below = (branch.node, before.below, after.below, begin, new_begin)
        cuts |= _input_cuts(*below) | _output_cuts(*below)
    return cuts


def _divides(branch: Branch, before: Shape, after: Shape) -> bool:
    """Whether it keeps its groups; a depthwise convolution gets as many as there are channels."""
    if branch.operation is not Operation.GROUP_CONV_3X3:
        return False
    if before.groups != after.groups and before.in_channels == 1:
        raise InvalidArchitecture(str(branch.operation), "one channel alone cannot become several")
    return before.groups == after.groups


def _group_cuts(width: int, wider: int, groups: int, start: int, new_start: int) -> set[Cut]:
    return {
        (start + group * width // groups, new_start + group * wider // groups)
        for group in range(groups)
    }
