"""What was found: lines that pass, fail or tell a figure, printed as they come and kept as JSON."""

import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.report import table

RESULTS = Path(__file__).parents[1] / "results"


@dataclass(frozen=True)
class Finding:
    """A line.

    Args:
        kind: PASS, FAIL or FIGURE.
        part: of the check.
        bound: what was allowed; empty for a figure.
    """

    kind: str
    part: str
    name: str
    value: Any
    bound: str = ""


@dataclass
class Findings:
    """All lines so far."""

    lines: list[Finding] = field(default_factory=list)
    part: str = ""

    def figure(self, name: str, value: object) -> None:
        """Something that was measured."""
        self._say(Finding("FIGURE", self.part, name, value))

    def holds(self, name: str, good: bool, value: object = "") -> None:
        """Something that must be so."""
        self._say(Finding("PASS" if good else "FAIL", self.part, name, value, "must hold"))

    def at_most(self, name: str, value: float, bound: float) -> None:
        """A number that must not be larger."""
        kind = "PASS" if value <= bound else "FAIL"
        self._say(Finding(kind, self.part, name, round(value, 6), f"at most {bound:g}"))

    def at_least(self, name: str, value: float, bound: float) -> None:
        """A number that must not be smaller."""
        kind = "PASS" if value >= bound else "FAIL"
        self._say(Finding(kind, self.part, name, round(value, 6), f"at least {bound:g}"))

    @property
    def failed(self) -> list[str]:
        return [f"{line.part}: {line.name}" for line in self.lines if line.kind == "FAIL"]

    def write(self, card: str, folder: Path = RESULTS) -> Path:
        """Keep everything under the card's name."""
        folder.mkdir(parents=True, exist_ok=True)
        name = re.sub(r"[^a-z0-9]+", "-", card.lower()).strip("-")
        path = folder / f"gpu-{name}.json"
        document = {"card": card, "lines": [asdict(line) for line in self.lines]}
        path.write_text(json.dumps(document, indent=1, default=str) + "\n", encoding="utf-8")
        return path

    def markdown(self, card: str) -> str:
        """A section of the results: all lines, by part."""
        rows = [
            [line.part, line.name, str(line.value).replace("|", "/"), line.kind, line.bound]
            for line in self.lines
        ]
        return f"## {card}\n\n`make gpu`\n\n" + table(["part", "line", "value", "", "bound"], rows)

    def _say(self, line: Finding) -> None:
        self.lines.append(line)
        bound = f"   ({line.bound})" if line.bound and line.bound != "must hold" else ""
        print(f"{line.kind:6} {line.name}: {line.value}{bound}", flush=True)
