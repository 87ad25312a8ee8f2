"""Many at once: 300 watchers of a search and 20 pages a second, by number of web processes.

    python -m benchmarks.load [--processes 1 2 4] [--modes embedded servers] [--seconds 180]
    python -m benchmarks.load --memory [--processes 1] [--modes servers] [--seconds 3600]

Pages are asked for at fixed times, whether or not earlier ones have come: a server that falls
behind is seen to. They are those that people open (the start page, a search, a trial, the lists),
by the watchers in turn, each on a connection of its own. Meanwhile two trials report progress,
together 20 times a second, to all watchers. With `--memory` there are fewer pages and events, and
what the web processes take is noted 60 times: whether it stays. Each run is kept as a line of
`benchmarks/results/load.jsonl`; tables go into `docs/results.md`.
"""

import argparse
import os
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from itertools import cycle
from multiprocessing import get_context
from multiprocessing.connection import Connection
from statistics import median
from urllib.parse import urlsplit

from benchmarks.live import MODES, server_of, share_below, until_heard
from benchmarks.records import FOLDER, keep_run
from benchmarks.report import machine, table
from benchmarks.results import write_section
from benchmarks.serving import Serving
from benchmarks.watching import watching

WATCHERS = 300
TRIALS = 1_000
PATIENCE_SECONDS = 60
THREADS = 128
SAMPLES = 60
RECORD = FOLDER / "load.jsonl"


@dataclass(frozen=True)
class Asked:
    """What is asked of a server.

    Args:
        mode: one of `MODES`.
        processes: of the web.
        pages: per second.
        events: per second.
        seconds: for how long.
    """

    mode: str
    processes: int
    pages: float = 20
    events: float = 20
    seconds: float = 180


MEMORY = Asked("servers", 1, pages=2, events=2, seconds=3600)
"""Watchers keep all that they hear until the end: so much they can for an hour."""


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
    """What came out.

    Args:
        reached: pages per second that were answered.
        heard: milliseconds from each event to each watcher.
        busy: share of a core that all web processes used.
        megabytes: memory of all web processes, from the first moments to the end.
    """

    asked: Asked
    pages: list[Page]
    reached: float
    heard: list[float]
    busy: float
    megabytes: list[float]

    def megabytes_at(self, part: float) -> float:
        """What they took when this part of the time was over."""
        return self.megabytes[round(part * (len(self.megabytes) - 1))]

    def to_json(self) -> dict[str, object]:
        """What is kept of it; times in seconds."""
        took, heard = [page.seconds for page in self.pages], [one / 1000 for one in self.heard]
        return {
            "at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M}",
            "machine": machine(),
            **vars(self.asked),
            "watchers": WATCHERS,
            "reached": round(self.reached, 2),
            "not_200": sum(page.status != 200 for page in self.pages),
            "pages_p50": round(median(took), 3),
            "pages_p99": round(share_below(took, 0.99), 3),
            "frames_p50": round(median(heard), 3),
            "frames_p99": round(share_below(heard, 0.99), 3),
            "cores": round(self.busy, 2),
            "megabytes": [round(one) for one in self.megabytes],
        }


def run(asked: Asked) -> Load:
    """Load one server."""
    seconds = asked.seconds
    with server_of(asked.mode, ESPALIER_WEB_PROCESSES=str(asked.processes)) as server:
        search_id = server.call("benchmarks.filling.fill", TRIALS)
        keys = server.call("benchmarks.reporting.let_watch", search_id, WATCHERS)
        after = server.call("benchmarks.reporting.last_sequence", search_id)
        with (
            watching(server.address, search_id, after, keys) as watchers,
            _visiting(server, search_id, keys, asked.pages, seconds) as pages,
            _weighing(server, seconds / SAMPLES) as megabytes,
        ):
            before, began = server.processor_seconds(), time.monotonic()
            arguments = (search_id, asked.events, seconds, 1)
            written = server.call("benchmarks.reporting.report", *arguments)
            busy = (server.processor_seconds() - before) / (time.monotonic() - began)
            heard = until_heard(written, watchers.heard_up_to(int(written[-1][0])))
        answered = sum(page.status == 200 for page in pages)
        longest = max((page.seconds for page in pages[-int(asked.pages) :]), default=0.0)
        reached = answered / (seconds + longest)
        return Load(asked, pages, reached, heard, busy, megabytes)


@contextmanager
def _weighing(server: Serving, every: float) -> Iterator[list[float]]:
    """Megabytes of all web processes, noted again and again meanwhile."""
    found, ended = [server.megabytes()], threading.Event()

    def note() -> None:
        while not ended.wait(every):
            found.append(server.megabytes())

    noting = threading.Thread(target=note)
    noting.start()
    try:
        yield found
    finally:
        ended.set()
        noting.join()


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


def report(found: Sequence[Load]) -> str:
    """The section of the results."""
    first, last = found[0].asked, found[-1].asked
    header = ["mode", "web processes", "pages/s asked", "answered", "not 200"]
    header += ["pages p50, s", "p99, s", "frames p50, s", "p99, s", "cores", "memory, MB"]
    rows = []
    for load in found:
        took = [page.seconds for page in load.pages]
        wrong = sum(page.status != 200 for page in load.pages)
        rows.append(
            [
                load.asked.mode,
                f"{load.asked.processes}",
                f"{load.asked.pages:g}",
                f"{load.reached:.1f}",
                f"{wrong}",
                f"{median(took):.2f}",
                f"{share_below(took, 0.99):.2f}",
                f"{median(load.heard) / 1000:.2f}",
                f"{share_below(load.heard, 0.99) / 1000:.2f}",
                f"{load.busy:.2f}",
                f"{load.megabytes[-1]:.0f}",
            ]
        )
    return f"""## Many at once

`python -m benchmarks.load`, {datetime.now(UTC):%Y-%m-%d}; {WATCHERS} watchers of a running search
of {TRIALS:,} trials, {first.events:g} events/s, pages of {WATCHERS} users,
for {first.seconds:g} s.
Web processes, watchers and those who ask share the machine. {machine()}; load average
{os.getloadavg()[0]:.0f}.

{table(header, rows)}

Pages by kind, p50 and p99 in seconds, {last.mode}, {last.processes} web processes:
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


def memory_report(found: Sequence[Load]) -> str:
    """The section on memory: of each run the beginning, the tenths, and the end."""
    asked = found[0].asked
    header = ["mode", "web processes", *(f"{part:.0%}" for part in _parts()), "not 200"]
    rows = [
        [
            load.asked.mode,
            f"{load.asked.processes}",
            *(f"{load.megabytes_at(part):.0f}" for part in _parts()),
            f"{sum(page.status != 200 for page in load.pages)}",
        ]
        for load in found
    ]
    return f"""## Memory over time

`python -m benchmarks.load --memory`, {datetime.now(UTC):%Y-%m-%d}; MB of all web processes in the
course of {asked.seconds:g} s, with {WATCHERS} watchers, {asked.events:g} events/s and
{asked.pages:g} pages/s. {machine()}.

{table(header, rows)}
"""


def _parts() -> list[float]:
    return [tenth / 10 for tenth in range(11)]


def main() -> None:
    """Measure, print, keep, and write into the results page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--memory", action="store_true", help="whether memory stays, for an hour")
    parser.add_argument("--processes", type=int, nargs="+")
    parser.add_argument("--modes", nargs="+", choices=MODES)
    parser.add_argument("--per-second", type=float, help="pages")
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--no-results", action="store_true", help="print only")
    given = parser.parse_args()
    usual = MEMORY if given.memory else Asked("", 0)
    processes, modes = ([1], [usual.mode]) if given.memory else ([1, 2, 4], list(MODES))
    asked = replace(
        usual,
        pages=given.per_second or usual.pages,
        seconds=given.seconds or usual.seconds,
    )
    tell, found = (memory_report if given.memory else report), []
    for mode in given.modes or modes:
        for count in given.processes or processes:
            found.append(run(replace(asked, mode=mode, processes=count)))
            print(tell(found[-1:]), flush=True)
            if not given.no_results:
                keep_run(RECORD, found[-1].to_json())
    if not given.no_results:
        write_section("load memory" if given.memory else "load", tell(found))


if __name__ == "__main__":
    main()
