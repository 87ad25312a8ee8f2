"""A search as one HTML file: its page's own scripts and styles, and the data that they draw.

The file asks nobody for anything, so it opens from a disk or a mail as well. The same input gives
the same bytes. No torch.
"""

import base64
import functools
import html
import json
import math
import os
import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import Annotated, Any, Final
from urllib.parse import quote

from search_engine.spec import Cost, parse_cell
from search_engine.spec.comparison import Comparison
from search_engine.spec.declared import Declared, Measured, Whole, about
from search_engine.spec.errors import SearchEngineError
from search_engine.spec.faults import declared_fields
from search_engine.spec.objective import CostKind
from search_engine.spec.search_config import SearchConfig
from search_engine.spec.sites import sites_json
from search_engine.spec.start_training import StartResult
from search_engine.spec.summaries import CHILD, TrialRow, rounded, trials_json
from search_engine.spec.trial import TrialResult

ROOT: Final = Path(__file__).resolve().parents[1]
STYLES: Final = (
    "css/tokens.css",
    "css/base.css",
    "css/components.css",
    "css/forms.css",
    "vendor/uplot-1.6.32/uPlot.css",
    "css/pages/diagram.css",
    "css/pages/charts.css",
    "css/pages/search.css",
    "css/pages/trials.css",
    "css/pages/confirmed.css",
)
SCRIPT: Final = "js/pages/report.js"
POLICY: Final = (
    "default-src 'none'; script-src 'unsafe-inline' data:; style-src 'unsafe-inline'; "
    "font-src data:"
)
IMPORT: Final = re.compile(r"""(\b(?:from|import)\s*\(?\s*)["'](\.[^"']+)["']""")
ADDRESS: Final = re.compile(r"""url\("([^":]+)"\)""")
UNESCAPED: Final = "".join(map(chr, range(32, 127))).replace("%", "").replace("#", "")
"""What may stand in a `data:` address as it is: more than in others."""

CAN_NOTHING: Final = dict.fromkeys(("pause", "resume", "stop", "cancel", "download", "edit"), False)


def write_report(
    path: Path,
    *,
    title: str,
    config: SearchConfig,
    start: StartResult,
    start_cost: Cost,
    validation_images: int,
    trials: Iterable[Mapping[str, object]],
    comparison: Comparison | None,
    elapsed_seconds: float,
    spent: bool,
) -> None:
    """Write the report of a search's folder; a crash leaves the old file or the new, never a part.

    Args:
        path: of the HTML file; its folder exists.
        start: what the start network has come to.
        validation_images: how many images that and the trials' accuracies are of.
        trials: lines of `trials.jsonl`, in any order; of two with one number the later counts.
        comparison: of the winner with the control, once the test images were looked at.
        spent: whether the budget is; otherwise the search can go on.

    Raises:
        SearchEngineError: a line is malformed; the message names the field.
    """
    lines = {line.number: line for line in map(_Line.from_json, trials)}
    ended = [lines[number] for number in sorted(lines)]
    children = [line for line in ended if line.role == CHILD and line.row.accuracy is not None]
    best = max(children, key=_reward, default=None)
    states = [line.row.state for line in ended if line.role == CHILD]
    search = {
        "name": title,
        "state": "completed" if spent else "paused",
        "dataset": config.data.name,
        "strategy": config.strategy,
        "config": config.to_json(),
        "elapsed_seconds": elapsed_seconds,
        "max_trials": config.budget.max_trials,
        "trials_completed": states.count("completed"),
        "trials_failed": states.count("failed"),
        "trials_running": 0,
        "start_accuracy": start.accuracy,
        "start_balanced_accuracy": start.balanced_accuracy,
        "start_last_gain": start.last_gain,
        "start_saturated": config.start_rounds.is_saturated(start.last_gain),
        "start_parameters": start_cost.parameters,
        "start_multiply_adds": start_cost.multiply_adds,
        "best_trial": best and best.number,
        "best_accuracy": best and best.row.accuracy,
        "validation_images": validation_images,
        "failure": "",
        "can": CAN_NOTHING,
    }
    columns = trials_json([line.row for line in ended], kept=[])
    columns["columns"]["curve"] = [rounded(line.result.curve, 4) for line in ended]
    state = {
        "search": search,
        "sequence": 0,
        "sites": sites_json(config.to_json()["skeleton"]),
        "trials": [best.in_full()] if best else [],
        "comparison": comparison and comparison.to_json(),
        **columns,
    }
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        new.write_text(report_page(state), encoding="utf-8")
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def report_page(state: Mapping[str, Any], note: str = "") -> str:
    """The whole file.

    Args:
        state: of the search as its summaries give it, with its sites, and the curves in columns.
        note: what else is to be said above the title, such as when it was written.
    """
    search = state["search"]
    family = search["config"].get("skeleton", {}).get("family", "")
    about = " · ".join(filter(None, (search["dataset"], family, search["strategy"], note)))
    return _frame().substitute(
        title=_text(search["name"]), about=_text(about), state=_script_json(state)
    )


@dataclass(frozen=True)
class _Line(Declared):
    """A line of `trials.jsonl`, as far as the report shows it."""

    place = "trial"
    may_lack = ("diagnostics", "proposal", "role")

    number: Annotated[Whole, about("Trial", "counts from 1", alias="trial")]
    notation: str
    reward: Measured
    result: TrialResult
    role: str = CHILD
    diagnostics: Mapping[str, Any] = field(default_factory=dict)
    proposal: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def opened(cls, document: Mapping[str, Any]) -> Mapping[str, Any]:
        """Without what the report does not show."""
        return super().opened({k: v for k, v in document.items() if k in declared_fields(cls)})

    @functools.cached_property
    def row(self) -> TrialRow:
        """What the page knows of every trial."""
        parse_cell(self.notation)
        result, costs = self.result, self.result.costs
        unmeasured = "no accuracy was measured" if result.accuracy is None else ""
        failure = result.failure or unmeasured
        return TrialRow(
            number=self.number,
            state="failed" if failure else "completed",
            notation=self.notation,
            accuracy=None if failure else result.accuracy,
            balanced_accuracy=None if failure else result.balanced_accuracy,
            reward=self.reward,
            parameters=_whole(costs.get(CostKind.PARAMETERS)),
            multiply_adds=_whole(costs.get(CostKind.MULTIPLY_ADDS)),
            latency_1=costs.get(CostKind.LATENCY_1),
            latency_64=costs.get(CostKind.LATENCY_64),
            memory=_whole(costs.get(CostKind.MEMORY)),
            seconds=result.seconds,
            worker="",
            failure=failure,
            pinned=False,
            diagnostics=_finite(self.diagnostics),
            role=self.role,
            parent=self.proposal.get("parent", 0),
            move=self.proposal.get("move") or "",
        )

    def in_full(self) -> dict[str, object]:
        """The trial, a child, with how it grew."""
        row = {**self.row._asdict(), "move": self.row.move or None}
        growth = self.proposal.get("transformations")
        curve = rounded(self.result.curve, 4)
        return {**row, "transformations": growth, "curve": curve, "kept": False}


def _reward(line: _Line) -> tuple[float, int]:
    """The greatest is the best; of equals the first."""
    return line.row.reward or 0.0, -line.number


def _whole(cost: float | None) -> int | None:
    return None if cost is None else round(cost)


def _finite(diagnostics: Mapping[str, Any]) -> dict[str, float]:
    return {
        name: float(value)
        for name, value in diagnostics.items()
        if isinstance(value, int | float) and math.isfinite(value)
    }


@functools.cache
def _frame() -> Template:
    """The file but for what differs from search to search."""
    frame = (Path(__file__).parent / "report.html").read_text(encoding="utf-8")
    parts = {
        "policy": POLICY,
        "styles": "\n".join(map(_style, STYLES)),
        "modules": _script_json({"imports": _modules(SCRIPT)}),
        "brand": _read("templates", "brand.svg"),
        "findings": _read("templates", "searches/_findings.html"),
    }
    doubled = {name: part.replace("$", "$$") for name, part in parts.items()}
    return Template(Template(frame).safe_substitute(doubled))


def _modules(entry: str) -> dict[str, str]:
    """A script and all that it imports, now or later: names, and the scripts as addresses.

    A script in an address has no folder from which `./` could lead on: all go by their full names.
    """
    found: dict[str, str] = {}
    waiting = [entry]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue

        def named(match: re.Match[str], folder: str = posixpath.dirname(name)) -> str:
            other = posixpath.normpath(posixpath.join(folder, match[2]))
            waiting.append(other)
            return f'{match[1]}"{other}"'

        script = IMPORT.sub(named, _read("static", name))
        found[name] = f"data:text/javascript,{quote(script, safe=UNESCAPED)}"
    return found


def _style(name: str) -> str:
    """A style sheet, with what it refers to inside."""

    def inside(match: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join(posixpath.dirname(name), match[1]))
        content = base64.b64encode(_bytes("static", path)).decode()
        return f'url("data:font/woff2;base64,{content}")'

    return ADDRESS.sub(inside, _read("static", name))


def _read(folder: str, name: str) -> str:
    return _bytes(folder, name).decode("utf-8")


def _bytes(folder: str, name: str) -> bytes:
    try:
        return (ROOT / folder / name).read_bytes()
    except OSError as error:
        raise SearchEngineError(
            "A report is drawn by the search page's scripts, which belong beside search_engine/:"
            f" {folder}/{name}: {error.strerror}."
        ) from None


def _text(text: str) -> str:
    """Text in HTML; control characters, which HTML does not allow, are marked."""
    return html.escape(re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", "\ufffd", text))


def _script_json(value: Mapping[str, Any]) -> str:
    """JSON within a script element, which it cannot end."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c")
