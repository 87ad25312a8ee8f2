"""Runs that are kept as they end, a JSON line each, so that a benchmark can be gone on with."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

FOLDER = Path(__file__).parent / "results"

Run = TypeVar("Run")


def read_runs(path: Path, kind: type[Run]) -> list[Run]:
    """The runs of earlier times, the oldest first.

    Args:
        kind: a dataclass that has the fields of a line.
    """
    if not path.exists():
        return []
    return [kind(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def keep_run(path: Path, fields: Mapping[str, object]) -> None:
    """Add a run to the file."""
    path.parent.mkdir(exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(fields) + "\n")
