"""Which channels may stand for which when a layer inside or beside a cell is made wider.

A wider layer's new channels are copies of old ones. Where a cell splits or joins channels, or
groups them, a copy must stay in the part that its original is in. The cuts between parts are
collected as pairs (old channel, new channel); between two cuts lies a region, and copies are made
within regions.
Reference: Chen et al. 2016, section 2.2 (arXiv:1511.05641), which knows only one region.
"""

from dataclasses import dataclass
from itertools import pairwise

from search_engine.architecture.cell import Cell, Node
from search_engine.architecture.operations import Operation
from search_engine.architecture.schemes import Allocation, Merge, split_ranges
from search_engine.architecture.shapes import Shape, branch_shapes
from search_engine.architecture.skeletons import SkeletonConfig
from search_engine.errors import InvalidArchitecture

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

    Args:
        cell: the cell at the sites.
        old: the skeleton before.
        new: the skeleton after.
        layer: name of the layer.

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
    width = old.hidden_layers()[layer].width
    wider = new.hidden_layers()[layer].width
    return _regions(cuts | {(0, 0), (width, wider)}, layer)


def _regions(cuts: set[Cut], layer: str) -> tuple[Region, ...]:
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
        regions.append(region)
    return tuple(regions)


def _input_cuts(node: Node, old: Shape, new: Shape, start: int = 0, new_start: int = 0) -> set[Cut]:
    """Cuts of the channels that enter a node: parts of a split, groups of grouped convolutions."""
    cuts: set[Cut] = set()
    pairs = zip(branch_shapes(node, old), branch_shapes(node, new), strict=True)
    for branch, (before, after) in zip(node.branches, pairs, strict=True):
        cuts.add((start, new_start))
        if branch.operation is Operation.GROUP_CONV_3X3:
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
        if branch.operation is Operation.GROUP_CONV_3X3:
            cuts |= _group_cuts(
                before.out_channels, after.out_channels, before.groups, begin, new_begin
            )
        # Below the root the channels that leave a node's edge are those that enter the next.
        below = (branch.node, before.below, after.below, begin, new_begin)
        cuts |= _input_cuts(*below) | _output_cuts(*below)
    return cuts


def _group_cuts(width: int, wider: int, groups: int, start: int, new_start: int) -> set[Cut]:
    return {
        (start + group * width // groups, new_start + group * wider // groups)
        for group in range(groups)
    }
