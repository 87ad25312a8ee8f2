"""Many at once: 300 watchers of a search and 20 pages a second, by number of web processes.

    python -m benchmarks.load [--processes 1 2 4] [--modes embedded servers] [--seconds 180]

Pages are asked for at fixed times, whether or not earlier ones have come: a server that falls
behind is seen to. They are those that people open (the start page, a search, a trial, the lists),
by the watchers in turn, each on a connection of its own. Meanwhile two trials report progress,
together 20 times a second, to all watchers. Writes its table into `docs/results.md`.
"""

import argparse
import os
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from itertools import cycle
from multiprocessing import get_context
from multiprocessing.connection import Connection
from statistics import median
from urllib.parse import urlsplit

from benchmarks.live import MODES, server_of, share_below, until_heard
from benchmarks.report import machine, table
from benchmarks.results import write_section
from benchmarks.serving import Serving
from benchmarks.watching import watching

WATCHERS = 300
TRIALS = 1_000
EVENTS_PER_SECOND = 20
PATIENCE_SECONDS = 60
THREADS = 128


@dataclass(frozen=True)
class Page:
    """A page that was asked for.

    Args:
        path: what of, with `N` for numbers.
        seconds: from the time at which it was due until its last byte.
        status: of the answer; 0: none came.
    """

    path: str
    seconds: float
    status: int


@dataclass(frozen=True)
class Load:
    """What came out with so many web processes.

    Args:
        reached: pages per second that were answered.
        heard: milliseconds from each event to each watcher.
        busy: share of a core that all web processes used.
        megabytes: memory of all web processes, at the end.
    """

    mode: str
    processes: int
    per_second: float
    pages: list[Page]
    reached: float
    heard: list[float]
    busy: float
    megabytes: float


def run(mode: str, processes: int, per_second: float, seconds: float) -> Load:
    """Load one server."""
    with server_of(mode, ESPALIER_WEB_PROCESSES=str(processes)) as server:
        search_id = server.call("benchmarks.filling.fill", TRIALS)
        keys = server.call("benchmarks.reporting.let_watch", search_id, WATCHERS)
        after = server.call("benchmarks.reporting.last_sequence", search_id)
        with (
            watching(server.address, search_id, after, keys) as watchers,
            _visiting(server, search_id, keys, per_second, seconds) as pages,
        ):
            before, began = server.processor_seconds(), time.monotonic()
            arguments = (search_id, EVENTS_PER_SECOND, seconds, 1)
            written = server.call("benchmarks.reporting.report", *arguments)
            busy = (server.processor_seconds() - before) / (time.monotonic() - began)
            heard = until_heard(written, watchers.heard_up_to(int(written[-1][0])))
            megabytes = server.megabytes()
        answered = sum(page.status == 200 for page in pages)
        longest = max((page.seconds for page in pages[-int(per_second) :]), default=0.0)
        reached = answered / (seconds + longest)
        return Load(mode, processes, per_second, pages, reached, heard, busy, megabytes)


@contextmanager
def _visiting(
    server: Serving, search_id: int, keys: Sequence[str], per_second: float, seconds: float
) -> Iterator[list[Page]]:
    """Ask for pages in a process of its own meanwhile; the list is filled at the end."""
    pages: list[Page] = []
    ours, theirs = get_context("spawn").Pipe()
    arguments = (server.address, search_id, list(keys), per_second, seconds, theirs)
    process = get_context("spawn").Process(target=_visit, args=arguments)
    process.start()
    assert ours.recv() == "ready"
    ours.send("go")
    try:
        yield pages
    finally:
        pages += ours.recv()
        process.join()


def _visit(
    address: str,
    search_id: int,
    keys: list[str],
    per_second: float,
    seconds: float,
    pipe: "Connection[object, object]",
) -> None:
    paths = cycle(
        [
            "/",
            f"/searches/{search_id}/",
            f"/searches/{search_id}/trials/1/",
            "/checkpoints/",
            "/datasets/",
            f"/searches/{search_id}/",
        ]
    )
    with ThreadPoolExecutor(THREADS) as pool:
        pipe.send("ready")
        pipe.recv()
        began, asked = time.monotonic(), []
        turns = range(int(per_second * seconds))
        for turn, key, path in zip(turns, cycle(keys), paths, strict=False):
            due = began + turn / per_second
            time.sleep(max(0.0, due - time.monotonic()))
            asked.append(pool.submit(_ask, address, path, key, due))
        pipe.send([one.result() for one in asked])


def _ask(address: str, path: str, key: str, due: float) -> Page:
    where = urlsplit(address)
    connection = HTTPConnection(where.hostname or "", where.port, timeout=PATIENCE_SECONDS)
    status = 0
    try:
        headers = {"Cookie": f"sessionid={key}", "Accept-Encoding": "gzip"}
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        status = answer.status
    except (OSError, HTTPException):
        pass
    finally:
        connection.close()
    name = "/".join("N" if part.isdecimal() else part for part in path.split("/"))
    return Page(name, time.monotonic() - due, status)


def report(found: Sequence[Load], seconds: float) -> str:
    """The section of the results."""
    header = ["mode", "web processes", "pages/s asked", "answered", "not 200"]
    header += ["pages p50, s", "p99, s", "frames p50, s", "p99, s", "cores", "memory, MB"]
    rows = []
    for load in found:
        took = [page.seconds for page in load.pages]
        wrong = sum(page.status != 200 for page in load.pages)
        rows.append(
            [
                load.mode,
                f"{load.processes}",
                f"{load.per_second:g}",
                f"{load.reached:.1f}",
                f"{wrong}",
                f"{median(took):.2f}",
                f"{share_below(took, 0.99):.2f}",
                f"{median(load.heard) / 1000:.2f}",
                f"{share_below(load.heard, 0.99) / 1000:.2f}",
                f"{load.busy:.2f}",
                f"{load.megabytes:.0f}",
            ]
        )
    return f"""## Many at once

`python -m benchmarks.load`, {datetime.now(UTC):%Y-%m-%d}; {WATCHERS} watchers of a running search
of {TRIALS:,} trials, {EVENTS_PER_SECOND} events/s, pages of {WATCHERS} users, for {seconds:g} s.
Web processes, watchers and those who ask share the machine. {machine()}; load average
{os.getloadavg()[0]:.0f}.

{table(header, rows)}

Pages by kind, p50 and p99 in seconds, {found[-1].mode}, {found[-1].processes} web processes:
{_by_kind(found[-1].pages)}.
"""


def _by_kind(pages: Sequence[Page]) -> str:
    kinds: dict[str, list[float]] = defaultdict(list)
    for page in pages:
        kinds[page.path].append(page.seconds)
    return "; ".join(
        f"`{kind}` {median(took):.2f}, {share_below(took, 0.99):.2f}"
        for kind, took in sorted(kinds.items())
    )


def main() -> None:
    """Measure, print, and write into the results page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--modes", nargs="+", choices=MODES, default=MODES)
    parser.add_argument("--per-second", type=float, default=20)
    parser.add_argument("--seconds", type=float, default=180)
    parser.add_argument("--no-results", action="store_true", help="print only")
    given = parser.parse_args()
    found = []
    for mode in given.modes:
        for processes in given.processes:
            found.append(run(mode, processes, given.per_second, given.seconds))
            print(report(found[-1:], given.seconds), flush=True)
    if not given.no_results:
        write_section("load", report(found, given.seconds))


if __name__ == "__main__":
    main()
