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
    seen: set[tuple[int, int]] = set()
    for band in hashes.view(np.uint16).reshape(len(hashes), 4).T:
        order = np.lexsort((hashes[:, 0], band))
        bounds = np.flatnonzero(np.diff(band[order])) + 1
        for crowd in np.split(order, bounds):
            for pair in _met(crowd):
                if pair not in seen:
                    seen.add(pair)
                    if _are_near(thumbs[pair[0]], thumbs[pair[1]]):
                        yield pair


def _met(crowd: NDArray[np.intp]) -> Pairs:
    """Pairs within a crowd: all, or each with its neighbours."""
    reach = len(crowd) if len(crowd) <= _CROWD else _NEIGHBOURS
    for place, one in enumerate(crowd):
        for other in crowd[place + 1 : place + reach]:
            yield min(int(one), int(other)), max(int(one), int(other))


def _difference_hashes(grey: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """64 bits of each picture: is a place brighter than the one to its left? `(N, 1)`."""
    halved = grey.reshape(-1, 8, 2, 8, 2).astype(np.float32).mean(axis=(2, 4))
    bits = halved > np.roll(halved, 1, axis=2)
    return np.packbits(bits.reshape(len(grey), 64), axis=1).view(np.uint64)


def _are_near(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> bool:
    difference = np.abs(one.astype(np.float32) - other)
    grey = THUMB * THUMB
    if difference[:grey].mean() > _GREY_DIFFERENCE or difference[grey:].mean() > _COLOUR_DIFFERENCE:
        return False
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
