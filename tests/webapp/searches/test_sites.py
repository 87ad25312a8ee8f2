"""Widths on the page: what scripts reckon is held against the engine by one file that both read."""

import json
from pathlib import Path
from typing import Any

import pytest

from search_engine.spec import cell_from_json, skeleton_from_json
from search_engine.spec.cost import operation_cost
from search_engine.spec.errors import InvalidConfig
from search_engine.spec.presets import PRESETS, preset
from search_engine.spec.shapes import edges
from search_engine.spec.sites import sites_json

FIXTURE = Path(__file__).parents[2] / "js" / "fixtures" / "widths.json"


def engine_facts(skeleton: dict[str, Any], cell: dict[str, Any]) -> dict[str, Any]:
    """Of each branch what the engine says, as scripts write it."""
    read, tree = skeleton_from_json(skeleton), cell_from_json(cell)
    found: dict[str, Any] = {}
    for block in (block for block in read.layout() if block.searched):
        for edge in edges(tree, block.site):
            key, shape = ".".join(map(str, edge.path)), edge.shape
            widths = [shape.in_channels, shape.out_channels]
            cost = operation_cost(edge.branch.operation, shape, read.order, block.size)
            facts = found.setdefault(key, {"from": widths, "cells": 0, "parameters": 0})
            facts["to"] = widths
            facts["cells"] += 1
            facts["parameters"] += cost.parameters
    return found


def test_the_fixture_of_the_scripts_says_what_the_engine_says() -> None:
    cases = json.loads(FIXTURE.read_text())["cases"]
    assert len(cases) >= 3
    for case in cases:
        assert sites_json(case["skeleton"]) == case["sites"]
        assert engine_facts(case["skeleton"], case["cell"]) == case["facts"]


@pytest.mark.parametrize("name", list(PRESETS))
def test_every_preset_has_sites(name: str) -> None:
    skeleton = preset(name).skeleton
    sites = sites_json(skeleton.to_json())
    assert sum(site[3] for site in sites["sites"]) == len(skeleton.sites())


def test_a_malformed_skeleton_is_refused() -> None:
    with pytest.raises(InvalidConfig):
        sites_json({"family": "nothing"})
