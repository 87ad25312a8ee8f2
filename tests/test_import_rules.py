"""Only the worker side of the web application reaches torch, and this rule bites.

The worker side is what lies in a module or folder called `worker`, `coordinator`, `device`, `child`
(a process of its own) or `management`.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grimp
import pytest

HEAVY = ("torch", "torchvision", "numpy", "safetensors", "sklearn")
WORKER_SIDE = re.compile(r"\.(worker|coordinator|device|child|management)(\.|$)")


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("search_engine", "webapp", include_external_packages=True)


def web_side(graph: grimp.ImportGraph) -> Iterator[str]:
    for module in sorted(graph.modules):
        if module.startswith("webapp") and not WORKER_SIDE.search(module):
            yield module


def way_to_torch(graph: grimp.ImportGraph, module: str) -> tuple[str, ...] | None:
    """Imports that lead from a module to torch or its like."""
    heavy = [name for name in HEAVY if name in graph.modules]
    chains = (graph.find_shortest_chain(module, name) for name in heavy)
    return next(filter(None, chains), None)


def test_the_web_side_never_reaches_torch(graph: grimp.ImportGraph) -> None:
    ways = {module: way_to_torch(graph, module) for module in web_side(graph)}
    assert {module: way for module, way in ways.items() if way} == {}


def test_the_rule_bites_in_every_module_of_every_app(graph: grimp.ImportGraph) -> None:
    modules = [module for module in web_side(graph) if way_to_torch(graph, module) is None]
    assert len(modules) > 100
    for module in modules:
        graph.add_import(importer=module, imported="torch")
        assert way_to_torch(graph, module) == (module, "torch")
        graph.remove_import(importer=module, imported="torch")


@pytest.mark.thorough
def test_a_process_of_its_own_needs_no_apps_of_django(graph: grimp.ImportGraph) -> None:
    """Nothing is set up where a stranger's file is opened: not even a package may import models."""
    children = sorted(name for name in graph.modules if re.search(r"^webapp\..*\.child$", name))
    assert len(children) == 4
    subprocess.run(
        [sys.executable, "-c", f"import {', '.join(children)}"],
        cwd=Path(__file__).parents[1],
        check=True,
    )
