"""The widths at which a search's cells stand, from which a page reckons those of every path."""

import functools
import json
from collections import Counter
from typing import Any, TypedDict

from search_engine.spec.skeletons import skeleton_from_json


class SitesJSON(TypedDict):
    """Sites of the cell in a network.

    `norm_first` says on which side of an operation its batch norm stands; a site is [channels that
    come in, channels that go out, groups, how many blocks have it], in the order of the data.
    """

    norm_first: bool
    sites: list[list[int]]


def sites_json(skeleton: dict[str, Any]) -> SitesJSON:
    """The sites of a skeleton given as JSON.

    Raises:
        InvalidConfig: it is malformed.
    """
    return _sites(json.dumps(skeleton, sort_keys=True))


@functools.lru_cache(maxsize=256)
def _sites(skeleton: str) -> SitesJSON:
    read = skeleton_from_json(json.loads(skeleton))
    counts = Counter((site.in_channels, site.out_channels, site.groups) for site in read.sites())
    return {
        "norm_first": read.order.norm_first,
        "sites": [[*site, count] for site, count in counts.items()],
    }
