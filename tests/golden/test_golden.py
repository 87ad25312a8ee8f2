"""Searches and final trainings give the same numbers as ever, to the last digit.

Where that is meant to change, `python -m tests.golden.write` writes them anew.

The last digits depend on the processor and on torch, and a training enlarges every difference. So
on another machine than the one that wrote the numbers, only what a difference cannot reach is
compared exactly (seeds, cells, costs), and accuracies and losses roughly.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.golden.running import EXPECTED

pytestmark = pytest.mark.thorough

ROOT = Path(__file__).parents[2]
ROUGHLY = 0.15
"""Twice the largest difference between instructions for AVX512 and for AVX2, in accuracy."""
EVERYWHERE = {
    *("accuracy", "curve", "loss", "validation_accuracy"),
    *("seed", "digest", "notation", "parameters", "multiply_adds"),
}


def test_searches_and_final_trainings_give_the_same_numbers(tmp_path: Path) -> None:
    # In a process of its own: nothing that another test has set reaches it.
    path = tmp_path / "found.json"
    subprocess.run([sys.executable, "-m", "tests.golden.write", str(path)], cwd=ROOT, check=True)
    found, expected = json.loads(path.read_text()), json.loads(EXPECTED.read_text())
    if found["machine"] == expected["machine"]:
        assert dict(leaves(found)) == dict(leaves(expected))
    else:
        assert essence(found) == pytest.approx(essence(expected), abs=ROUGHLY)


def essence(found: Any) -> dict[str, Any]:
    """What is the same on every machine, but for some images more or less."""
    return {
        place: value
        for place, value in leaves(found)
        if not EVERYWHERE.isdisjoint(place.split("/")) and "diagnostics" not in place
    }


def leaves(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Every plain value with the names on the way to it."""
    match value:
        case dict():
            inner = value.items()
        case list():
            inner = dict(enumerate(value)).items()
        case _:
            yield place, value
            return
    for name, below in inner:
        yield from leaves(below, f"{place}/{name}")
