"""A self-contained HTML report of a finished or interrupted search.

One file without scripts that asks no other host for anything; the same input gives the same bytes.
No torch: what is needed are the settings and the lines of `trials.jsonl`.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from search_engine.architecture import Cost
from search_engine.config import SearchConfig
from search_engine.report.page import page
from search_engine.report.records import read_record

__all__ = ["write_report"]


def write_report(
    path: Path,
    *,
    title: str,
    config: SearchConfig,
    start_accuracy: float,
    start_cost: Cost,
    trials: Sequence[Mapping[str, object]],
    elapsed_seconds: float,
    spent: bool,
) -> None:
    """Write the report; a crash leaves the old file or the new one, never a part.

    Args:
        path: of the HTML file; its folder exists.
        title: of the search.
        config: its settings.
        start_accuracy: of the start network on the validation images, a fraction.
        start_cost: of the start network.
        trials: lines of `trials.jsonl`, completed and failed, in any order.
        elapsed_seconds: running time.
        spent: whether the budget is; otherwise the search can go on.

    Raises:
        SearchEngineError: a line is malformed; the message names the field.
    """
    record = read_record(trials, start_accuracy, start_cost)
    text = page(record, title=title, config=config, elapsed_seconds=elapsed_seconds, spent=spent)
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        new.write_text(text, encoding="utf-8")
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
