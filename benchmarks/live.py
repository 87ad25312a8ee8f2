"""How long it takes from a worker's event to those who watch: milliseconds, by mode and watchers.

    python -m benchmarks.live [--watchers 1 50 300] [--modes embedded servers] [--no-results]

Two running trials report progress, together 20 times a second, through the same functions as real
workers. Watchers are sockets of as many users, in processes of their own; beside them a Chromium
has the search's page open. The time begins before the worker's transaction and ends when the socket
has the event, or when the frame that shows it has been painted. Then the rate is raised, with all
watchers, until the slowest hundredth waits longer than half a second. Embedded: SQLite, polling.
Servers: PostgreSQL and Redis, the doorbell. Writes its table into `docs/results.md`.
"""

import argparse
import bisect
import os
import statistics
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from playwright.sync_api import Browser, Page

from benchmarks.chromium import chromium, signed_in
from benchmarks.report import machine, table
from benchmarks.results import write_section
from benchmarks.serving import Serving, serving
from benchmarks.watching import Heard, watching
from tests.webapp.servers import both

USERNAME, PASSWORD = "ada", "a long walk among pear trees"
MODES = ("embedded", "servers")
TRIALS = 200
PER_SECOND = 20
SECONDS = 10
RATES = (50, 100, 200, 400, 800, 1600, 3200, 6400)
TRANSACTIONS_PER_SECOND = 20
RATE_SECONDS = 5
LIMIT_SECONDS = 0.5

# Each report moves the bar of its trial by a millionth of an epoch: that says which one is shown.
_NOTE_WHAT_IS_SHOWN = """
(() => {
  window.shown = [];
  const note = () => {
    const seen = [...document.querySelectorAll("#growing article")].map((card) => {
      const trial = /Trial (\\d+)/.exec(card.textContent);
      const bar = card.querySelector("progress");
      return [trial && +trial[1], bar && Math.round((bar.value * 20 - 4) * 1e6)];
    });
    requestAnimationFrame(() => {
      const at = (performance.timeOrigin + performance.now()) / 1000;
      for (const [trial, mark] of seen) window.shown.push([trial, mark, at]);
    });
  };
  addEventListener("DOMContentLoaded", () =>
    new MutationObserver(note).observe(document.querySelector("#growing"),
      { subtree: true, childList: true, attributes: true, attributeFilter: ["value"] }));
})();
"""


@dataclass(frozen=True)
class Latency:
    """Milliseconds from the worker's event to its watchers, and to the screen of a browser.

    Args:
        watchers: how many sockets.
        heard: of every event and watcher.
        shown: of every event.
        busy: share of a core that the web process used meanwhile.
    """

    watchers: int
    heard: list[float]
    shown: list[float]
    busy: float


@dataclass(frozen=True)
class Mode:
    """What was measured in one mode.

    Args:
        name: of the mode.
        latencies: by number of watchers.
        per_second: most events that all watchers got within the limit.
        watchers: how many they were.
    """

    name: str
    latencies: list[Latency]
    per_second: float
    watchers: int


def run(mode: str, counts: Sequence[int], browser: Browser) -> Mode:
    """Measure one mode."""
    with server_of(mode) as server:
        search_id = server.call("benchmarks.filling.fill", TRIALS)
        keys = server.call("benchmarks.reporting.let_watch", search_id, max(counts))
        latencies = [_latency(server, search_id, keys[:count], browser) for count in counts]
        return Mode(mode, latencies, _most_per_second(server, search_id, keys), len(keys))


@contextmanager
def server_of(mode: str, **settings: str) -> Iterator[Serving]:
    """Serve in one of the modes, with settings on top."""
    if mode == "embedded":
        with serving(**settings) as server:
            yield server
    else:
        with both() as addresses, serving(**addresses, **settings) as server:
            yield server


def _latency(server: Serving, search_id: int, keys: Sequence[str], browser: Browser) -> Latency:
    after = server.call("benchmarks.reporting.last_sequence", search_id)
    with (
        _page(server, search_id, browser) as page,
        watching(server.address, search_id, after, keys) as watchers,
    ):
        before, arguments = server.processor_seconds(), (search_id, PER_SECOND, SECONDS, 1)
        written = server.call("benchmarks.reporting.report", *arguments)
        heard = watchers.heard_up_to(int(written[-1][0]))
        busy = (server.processor_seconds() - before) / (written[-1][3] - written[0][3])
        page.wait_for_timeout(1000)
        shown = page.evaluate("window.shown")
    return Latency(len(keys), until_heard(written, heard), until_shown(written, shown), busy)


@contextmanager
def _page(server: Serving, search_id: int, browser: Browser) -> Iterator[Page]:
    context = signed_in(browser, server.address, USERNAME, PASSWORD)
    page = context.new_page()
    page.add_init_script(_NOTE_WHAT_IS_SHOWN)
    page.goto(f"{server.address}/searches/{search_id}/")
    page.wait_for_selector("[data-connection=live]")
    yield page
    context.close()


def _most_per_second(server: Serving, search_id: int, keys: Sequence[str]) -> float:
    """Raise the rate until the slowest hundredth waits too long; the last rate that was met."""
    most = 0.0
    for rate in RATES:
        after = server.call("benchmarks.reporting.last_sequence", search_id)
        with watching(server.address, search_id, after, keys) as watchers:
            at_once = max(1, rate // TRANSACTIONS_PER_SECOND)
            arguments = (search_id, rate, RATE_SECONDS, at_once)
            written = server.call("benchmarks.reporting.report", *arguments)
            waited = until_heard(written, watchers.heard_up_to(int(written[-1][0])))
        took = written[-1][3] - written[0][3]
        reached = (len(written) - 1) * at_once / took
        print(f"{rate} events/s: {reached:.0f} written, p99 {share_below(waited, 0.99):.0f} ms")
        if share_below(waited, 0.99) > 1000 * LIMIT_SECONDS:
            break
        most = max(most, reached)
        if reached < 0.9 * rate:
            break
    return most


def until_heard(written: Sequence[Sequence[float]], heard: Sequence[Heard]) -> list[float]:
    """Milliseconds of every event and watcher; one that never heard counts as infinite."""
    return [
        1000 * (_first(notes, sequence) - began)
        for notes in heard
        for sequence, _, _, began in written
    ]


def _first(notes: Heard, sequence: float) -> float:
    place = bisect.bisect_left(notes, sequence, key=lambda note: note[1])
    return notes[place][0] if place < len(notes) else float("inf")


def until_shown(
    written: Sequence[Sequence[float]], shown: Sequence[tuple[int, int, float]]
) -> list[float]:
    """Milliseconds until the page showed each event, or a later one of the same trial."""
    return [
        1000
        * (
            min((at for t, m, at in shown if t == trial and m >= mark), default=float("inf"))
            - began
        )
        for _, trial, mark, began in written
    ]


def share_below(values: Sequence[float], share: float) -> float:
    """The value below which this share of them lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def report(found: Sequence[Mode], command: str) -> str:
    """The section of the results."""
    header = ["mode", "watchers", "socket p50", "p99", "screen p50", "p95", "web process, core"]
    rows = [
        [
            mode.name,
            f"{latency.watchers}",
            f"{statistics.median(latency.heard):.0f}",
            f"{share_below(latency.heard, 0.99):.0f}",
            f"{statistics.median(latency.shown):.0f}",
            f"{share_below(latency.shown, 0.95):.0f}",
            f"{latency.busy:.0%}",
        ]
        for mode in found
        for latency in mode.latencies
    ]
    rates = "; ".join(
        f"{mode.name} {mode.per_second:,.0f} events/s to {mode.watchers} watchers" for mode in found
    )
    return f"""## From a worker's event to the screen

`{command}`, {datetime.now(UTC):%Y-%m-%d}; milliseconds from before the worker's
transaction until a socket has the event, and until the frame that shows it is painted;
{PER_SECOND} events/s for {SECONDS} s, one run. Worker, web process, watchers and Chromium share
the machine. {machine()}; load average {os.getloadavg()[0]:.0f}.

{table(header, rows)}

Rate at which 99 % of all deliveries take less than {LIMIT_SECONDS} s: {rates}.
"""


def main() -> None:
    """Measure, print, and write into the results page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--watchers", type=int, nargs="+", default=[1, 50, 300])
    parser.add_argument("--modes", nargs="+", choices=MODES, default=MODES)
    parser.add_argument("--no-results", action="store_true", help="print only")
    arguments = parser.parse_args()
    with chromium() as browser:
        found = [run(mode, arguments.watchers, browser) for mode in arguments.modes]
    text = report(found, "python -m benchmarks.live")
    print(text)
    if not arguments.no_results:
        write_section("live", text)


if __name__ == "__main__":
    main()
