"""Made-up searches for the tests of the report."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from search_engine.report import write_report
from search_engine.spec import Architecture, format_cell, sample, transformations_to_json
from search_engine.spec.comparison import Comparison
from search_engine.spec.objective import accuracy_reward
from search_engine.spec.presets import digits_demo
from search_engine.spec.search_config import SearchConfig
from search_engine.spec.start_training import StartResult

CONFIG = digits_demo()
START = Architecture.start(CONFIG.skeleton)
START_ACCURACY = 0.9
IMAGES = CONFIG.data.validation

Line = dict[str, Any]


def trial(number: int, accuracy: float | None, **changes: object) -> Line:
    """A line of trials.jsonl; without an accuracy the trial failed."""
    growth = sample(CONFIG.space, random.Random(number))
    cost = Architecture(CONFIG.skeleton, growth.cell).cost
    result: Line = {
        "accuracy": accuracy,
        "curve": [],
        "costs": {"parameters": cost.parameters, "multiply_adds": cost.multiply_adds},
        "epochs": 4,
        "seconds": 61.0,
        "images_per_second": 100.0,
        "stopped_early": False,
        "failure": "diverged in epoch 2" if accuracy is None else None,
    }
    return {
        "trial": number,
        "state": "failed" if accuracy is None else "completed",
        "reward": accuracy_reward(accuracy or 0.1, IMAGES),
        "notation": format_cell(growth.cell),
        "digest": growth.cell.digest,
        "seed": 1,
        "proposal": {"transformations": transformations_to_json(growth.transformations)},
        "result": result | changes,
        "diagnostics": {"told": number, "baseline": 5.0 + number, "entropy": 9.0 - 0.1 * number},
    }


def trials(*accuracies: float | None) -> list[Line]:
    """Trials 1, 2, … with these accuracies."""
    return [trial(number, accuracy) for number, accuracy in enumerate(accuracies, 1)]


def many_trials(count: int) -> list[Line]:
    """Trials of which one in 20 fails; a hundred different cells, so that it is fast."""
    rng = random.Random(0)
    cells = trials(*[0.9] * 100)
    lines = []
    for number in range(1, count + 1):
        accuracy = None if number % 20 == 0 else round(rng.uniform(0.85, 0.97) * IMAGES) / IMAGES
        line = cells[number % 100]
        failure = "diverged" if accuracy is None else None
        result = line["result"] | {"accuracy": accuracy, "failure": failure}
        reward = accuracy_reward(accuracy or 0.1, IMAGES)
        lines.append(line | {"trial": number, "result": result, "reward": reward})
    return lines


def written(
    folder: Path,
    lines: Sequence[Line],
    *,
    title: str = "Digits",
    config: SearchConfig = CONFIG,
    spent: bool = True,
    comparison: Comparison | None = None,
) -> str:
    """The page of a search."""
    path = folder / "report.html"
    write_report(
        path,
        title=title,
        config=config,
        start=StartResult(accuracy=START_ACCURACY),
        start_cost=START.cost,
        validation_images=IMAGES,
        trials=lines,
        comparison=comparison,
        elapsed_seconds=8_040.0,
        spent=spent,
    )
    return path.read_text(encoding="utf-8")
