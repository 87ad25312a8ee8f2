"""What pages of long searches cost a browser, beside the goals.

    python -m benchmarks.pages [--trials 100 1000 5000 20000] [--loads 3] [--no-results]

Searches of so many trials of 20 epochs, written as rows with cells from the engine's sampler, are
served by the web process of `make run` with compressed files, and opened in Chromium with an empty
cache. Seconds are medians of the loads. Writes its table into `docs/results.md`.
"""

import argparse
import gzip
import os
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from playwright.sync_api import Browser, BrowserContext

from benchmarks.chromium import Load, Wire, chromium, measure, signed_in
from benchmarks.report import machine, table
from benchmarks.results import write_section
from benchmarks.serving import Serving, serving

USERNAME, PASSWORD = "ada", "a long walk among pear trees"
BEST_ACCURACY = "#best-accuracy"
EPOCHS = 20


@dataclass(frozen=True)
class Measured:
    """A search of so many trials in the browser.

    Args:
        trials: how many.
        loads: of its page, each with an empty cache.
        summaries_bytes: all trials over the API, compressed.
        frame_bytes: the largest frame of one refresh, as the browser got it, uncompressed.
    """

    trials: int
    loads: list[Load]
    summaries_bytes: int
    frame_bytes: int

    def median(self, value: Callable[[Load], float]) -> float:
        return statistics.median(value(load) for load in self.loads)


def run(trials: int, loads: int, server: Serving, browser: Browser) -> Measured:
    """Fill in a search, load its page, let a trial report."""
    search_id = server.call("benchmarks.filling.fill", trials)
    address = f"{server.address}/searches/{search_id}/"
    context = signed_in(browser, server.address, USERNAME, PASSWORD)
    measured = []
    for _ in range(loads):
        load, page, wire = measure(context, address, BEST_ACCURACY)
        measured.append(load)
        if len(measured) < loads:
            page.close()
    page.wait_for_selector("[data-connection=live]")
    frame = _refreshed(server, search_id, wire, page.wait_for_timeout)
    summaries = _summaries_bytes(context, f"{server.address}/api/v1/searches/{search_id}/")
    context.close()
    return Measured(trials, measured, summaries, frame)


def _refreshed(server: Serving, search_id: int, wire: Wire, wait: Callable[[float], None]) -> int:
    """The largest frame while a worker reports epoch after epoch."""
    wire.frames.clear()
    server.call("benchmarks.filling.report_progress", search_id, EPOCHS)
    wait(2000)
    return max(len(frame.encode()) for frame in wire.frames if "trial.progress" in frame)


def _summaries_bytes(context: BrowserContext, api: str) -> int:
    answer = context.request.get(f"{api}summaries/")
    return len(gzip.compress(answer.body(), 6))


ROWS: Sequence[tuple[str, str, Callable[[Measured], str]]] = (
    (
        "first paint with the best accuracy, s",
        "<= 1",
        lambda m: f"{m.median(lambda load: load.painted_seconds):.2f}",
    ),
    (
        "first load, compressed, KB",
        "<= 400",
        lambda m: f"{m.median(lambda load: load.total_bytes) / 1000:,.0f}",
    ),
    (
        "of it JavaScript, KB",
        "<= 90",
        lambda m: f"{m.median(lambda load: load.script_bytes) / 1000:,.0f}",
    ),
    ("all trial summaries, gzip, KB", "<= 1,000", lambda m: f"{m.summaries_bytes / 1000:,.0f}"),
    (
        "DOM nodes (elements)",
        "<= 3,000",
        lambda m: (
            f"{m.median(lambda load: load.nodes):,.0f}"
            f" ({m.median(lambda load: load.elements):,.0f})"
        ),
    ),
    ("heap, MB", "<= 80", lambda m: f"{m.median(lambda load: load.heap_bytes) / 1e6:,.0f}"),
    (
        "main thread, s of processor time (in scripts)",
        "<= 1.5",
        lambda m: (
            f"{m.median(lambda load: load.busy_seconds):.2f}"
            f" ({m.median(lambda load: load.script_seconds):.2f})"
        ),
    ),
    ("largest frame of a refresh, KB", "<= 5", lambda m: f"{m.frame_bytes / 1000:.1f}"),
)


def report(found: Sequence[Measured], command: str) -> str:
    """The section of the results."""
    header = ["trials x 20 epochs", "goal (5,000)", *(f"{one.trials:,}" for one in found)]
    rows = [[name, goal, *(value(one) for one in found)] for name, goal, value in ROWS]
    loads = len(found[0].loads)
    return f"""## Pages of long searches

`{command}`, {datetime.now(UTC):%Y-%m-%d}; medians of {loads} loads with an empty cache,
Chromium without a window, the web process on the same machine, SQLite. {machine()};
load average {os.getloadavg()[0]:.0f}: where other work holds the cores, seconds to the first
paint are upper bounds.

{table(header, rows)}

"First load" is all that comes before the page has settled, the summaries of all trials included.
Processor time is that of the renderer's main thread. Queries per page do not grow with the rows:
a test counts them (`tests/webapp/core/test_queries.py`).
"""


def main() -> None:
    """Measure, print, and write into the results page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, nargs="+", default=[100, 1000, 5000, 20_000])
    parser.add_argument("--loads", type=int, default=3)
    parser.add_argument("--no-results", action="store_true", help="print only")
    arguments = parser.parse_args()
    with serving() as server, chromium() as browser:
        found = [run(trials, arguments.loads, server, browser) for trials in arguments.trials]
    text = report(found, "python -m benchmarks.pages")
    print(text)
    if not arguments.no_results:
        write_section("pages", text)


if __name__ == "__main__":
    main()
