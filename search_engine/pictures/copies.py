"""Pictures that are equal, and those that nearly are: saved anew, a little smaller or brighter.

A difference hash of 64 bits finds pairs to compare; small copies of the pictures decide.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from search_engine.pictures.looking import THUMB, Look

_GREY_DIFFERENCE, _COLOUR_DIFFERENCE = 4.0, 6.0
"""The most that nearly equal pictures differ by in the mean, in levels of 255."""
_CORRELATION = 0.98
_LEAST_CONTRAST = 2.0
"""Standard deviation of a picture's grey levels below which there is nothing to compare."""
_CROWD, _NEIGHBOURS = 256, 16
"""Where more pictures share a part of the hash, each meets its neighbours in order only."""
_AT_ONCE = 1 << 14
"""Pairs that are compared at once: more would take memory for nothing."""

Pairs = Iterator[tuple[int, int]]


def groups_of_copies(looks: Sequence[Look]) -> tuple[list[list[int]], list[list[int]]]:
    """Positions of pictures that are copies of one another, in order.

    Returns:
        Groups of equal pictures; and groups of nearly equal ones, with the equal among them.
    """
    by_digest: dict[bytes, list[int]] = defaultdict(list)
    for place, look in enumerate(looks):
        by_digest[look.digest].append(place)
    equal = [places for places in by_digest.values() if len(places) > 1]
    firsts = [places[0] for places in by_digest.values()]
    links = [(places[0], place) for places in equal for place in places[1:]]
    if len(firsts) > 1:
        thumbs = np.stack([looks[place].thumb for place in firsts])
        links += [(firsts[one], firsts[other]) for one, other in _near_pairs(thumbs)]
    return equal, _joined(links)


def _near_pairs(thumbs: NDArray[np.uint8]) -> Pairs:
    grey = thumbs[:, : THUMB * THUMB].reshape(-1, THUMB, THUMB)
    hashes = _difference_hashes(grey)
    sums = grey.sum(axis=(1, 2), dtype=np.int64)
    for band in hashes.view(np.uint16).reshape(len(hashes), 4).T:
        for ones, others in _met(np.lexsort((hashes[:, 0], band)), band):
            may_be = np.abs(sums[ones] - sums[others]) <= THUMB * THUMB * _GREY_DIFFERENCE
            for one, other in _alike(thumbs, ones[may_be], others[may_be]):
                if _correlate(thumbs[one], thumbs[other]):
                    yield min(one, other), max(one, other)


def _met(
    order: NDArray[np.intp], band: NDArray[np.uint16]
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Pairs within a crowd, those that are as far apart in order at a time: all pairs, or each
    picture with its neighbours.

    Args:
        order: of the pictures, by the part of the hash that a crowd shares.
        band: that part of each.
    """
    _, crowd, sizes = np.unique(band[order], return_inverse=True, return_counts=True)
    left = np.cumsum(sizes)[crowd] - np.arange(len(order))
    reach = np.minimum(left, np.where(sizes <= _CROWD, sizes, _NEIGHBOURS)[crowd])
    for apart in range(1, int(reach.max())):
        (places,) = np.nonzero(reach > apart)
        yield order[places], order[places + apart]


def _alike(
    thumbs: NDArray[np.uint8], ones: NDArray[np.intp], others: NDArray[np.intp]
) -> Iterator[tuple[int, int]]:
    """The pairs whose thumbs differ little in the mean."""
    grey = THUMB * THUMB
    for start in range(0, len(ones), _AT_ONCE):
        one, other = ones[start : start + _AT_ONCE], others[start : start + _AT_ONCE]
        first, second = thumbs[one], thumbs[other]
        difference = np.maximum(first, second) - np.minimum(first, second)
        is_alike = difference[:, :grey].mean(axis=1) <= _GREY_DIFFERENCE
        is_alike &= difference[:, grey:].mean(axis=1) <= _COLOUR_DIFFERENCE
        yield from zip(one[is_alike].tolist(), other[is_alike].tolist(), strict=True)


def _difference_hashes(grey: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """64 bits of each picture: is a place brighter than the one to its left? `(N, 1)`."""
    halved = grey.reshape(-1, 8, 2, 8, 2).astype(np.float32).mean(axis=(2, 4))
    bits = halved > np.roll(halved, 1, axis=2)
    return np.packbits(bits.reshape(len(grey), 64), axis=1).view(np.uint64)


def _correlate(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> bool:
    grey = THUMB * THUMB
    first, second = one[:grey].astype(np.float32), other[:grey].astype(np.float32)
    spread, other_spread = first.std(), second.std()
    if min(spread, other_spread) < _LEAST_CONTRAST:
        return False
    shared = ((first - first.mean()) * (second - second.mean())).mean()
    return bool(shared / (spread * other_spread) >= _CORRELATION)


def _joined(links: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Groups of what is linked, by way of others too."""
    parent: dict[int, int] = {}

    def root(place: int) -> int:
        while parent.setdefault(place, place) != place:
            parent[place] = place = parent[parent[place]]
        return place

    for one, other in links:
        parent[max(root(one), root(other))] = min(root(one), root(other))
    groups: dict[int, list[int]] = defaultdict(list)
    for place in sorted(parent):
        groups[root(place)].append(place)
    return list(groups.values())
