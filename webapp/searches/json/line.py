"""What a trial's network grew from, step by step, as its page shows it."""

from itertools import pairwise
from typing import TypedDict

from search_engine.spec import Architecture, transformations_from_json
from search_engine.spec.errors import SearchEngineError
from search_engine.spec.search_config import SearchConfig
from search_engine.spec.sites import SitesJSON, sites_json
from webapp.api.shapes import filled
from webapp.searches.models import Search, Trial

PARTS = ("number", "parent", "move", "proposal", "notation", "accuracy", "parameters")


class AncestorJSON(TypedDict):
    """A network that another one grew from."""

    number: int
    parent: int
    move: str
    notation: str
    accuracy: float | None
    parameters: int | None


class WidthJSON(TypedDict):
    """A layer that a step has made wider: its channels before and after."""

    layer: str
    before: int
    after: int


class LineJSON(TypedDict):
    """A trial's ancestors, the first one first, and what its own step made of its parent.

    `sites` are the widths at which its cells stand; null where they are not known.
    """

    ancestors: list[AncestorJSON]
    widths: list[WidthJSON]
    sites: SitesJSON | None


def line_json(search: Search, trial: Trial) -> LineJSON:
    """The line of a trial from the start network on."""
    line = _line(search, trial)
    found: LineJSON = {
        "ancestors": [filled(AncestorJSON, one) for one in line[:-1]],
        "widths": [],
        "sites": None,
    }
    try:
        networks = _networks(search, line)
    except SearchEngineError:  # its settings are of another version
        return found
    found["widths"] = _changed(*networks)
    found["sites"] = sites_json(networks[1].skeleton.to_json())
    return found


def _line(search: Search, trial: Trial) -> list[Trial]:
    """The trials from the first one to this one: few, since each step had to pay."""
    line = [trial]
    while parent := line[0].parent:
        line.insert(0, search.trials.only(*PARTS).get(number=parent))
    return line


def _networks(search: Search, line: list[Trial]) -> tuple[Architecture, Architecture]:
    """The parent of the last trial, and what it was made."""
    config = SearchConfig.from_json(search.config)
    network = config.start_architecture(search.classes or config.skeleton.classes)
    networks = [network]
    for trial in line:
        for step in transformations_from_json(trial.transformations):
            network = network.after(step)
        networks.append(network)
    *_, last = pairwise(networks)
    return last


def _changed(before: Architecture, after: Architecture) -> list[WidthJSON]:
    old, new = before.skeleton.hidden_layers(), after.skeleton.hidden_layers()
    return [
        {"layer": name, "before": old[name].width, "after": layer.width}
        for name, layer in new.items()
        if layer.width != old[name].width
    ]
