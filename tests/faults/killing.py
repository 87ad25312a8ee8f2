"""SIGKILL at random moments to any process of an Espalier, and a user who goes on regardless."""

import os
import random
import signal
import threading
import time
import urllib.error
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.end_to_end.installation import Espalier, start_espalier
from tests.end_to_end.without_browser import Program
from tests.webapp.core.process_tree import command_line, descendants, until

VICTIMS = {
    "web": "webapp.asgi",
    "coordinator": "worker --queues cpu",
    "clock": "--beat",
    "worker": "worker --queues gpu",
    "child": "webapp.work.child",
    "keeper": "webapp.embedded.keep",
    "supervisor": "webapp.embedded",
}
"""What there is to kill, by words of its command; a pool's children have their parent's."""
SHORTEST_SECONDS, LONGEST_SECONDS = 0.3, 3.0
PATIENCE_SECONDS = 3600.0


@dataclass
class Besieged:
    """An Espalier whose processes die, and are started again where nobody else does it.

    Args:
        espalier: that runs.
        rng: of who dies, and when.
    """

    espalier: Espalier
    rng: random.Random
    killed: Counter[str] = field(default_factory=Counter)
    starts: int = 1

    def kill_one(self) -> None:
        """Somebody, after a while; whoever restarts `make run` does so where that died."""
        threading.Event().wait(self.rng.uniform(SHORTEST_SECONDS, LONGEST_SECONDS))
        root = self.espalier.process.pid
        pids = {pid: _name(pid) for pid in (root, *descendants(root))}
        there = sorted({name for name in pids.values() if name})
        # The last two take all others along: a start each time would be all that there is.
        weights = [1 if name in ("keeper", "supervisor") else 5 for name in there]
        (name,) = self.rng.choices(there, weights)
        pid = self.rng.choice(sorted(pid for pid, own in pids.items() if own == name))
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        self.killed[name] += 1
        if name in ("keeper", "supervisor"):
            self._start_again(set(pids) - {root})

    def _start_again(self, pids: set[int]) -> None:
        self.espalier.process.wait(timeout=300)
        until(lambda: not any(_name(pid) for pid in pids), "the end of all", 300)
        more = {
            name: value
            for name, value in self.espalier.environment.items()
            if name not in ("ESPALIER_VAR", "ESPALIER_PORT")
        }
        again = start_espalier(self.espalier.folder, **more)
        for name in ("address", "process", "environment"):
            setattr(self.espalier, name, getattr(again, name))
        self.starts += 1


def _name(pid: int) -> str:
    words = command_line(pid)
    return next((name for name, part in VICTIMS.items() if part in words), "")


@dataclass
class User:
    """Goes on with whatever was held up, and has the log of what happened read on the way."""

    espalier: Espalier
    token: str
    resumed: int = 0
    read: dict[str, dict[int, str]] = field(default_factory=dict)

    def ask(self, what: Callable[[Program], Any]) -> Any:
        """An answer, once there is one."""
        ends = time.monotonic() + 300
        while True:
            try:
                return what(Program(self.espalier.address, self.token))
            except (urllib.error.URLError, ConnectionError, TimeoutError) as error:
                refused = isinstance(error, urllib.error.HTTPError) and error.code < 500
                if refused or time.monotonic() > ends:
                    raise
            threading.Event().wait(0.3)

    def look(self, path: str) -> Any:
        """What is there now; resumed where it was paused for another reason than its user's."""
        found = self.ask(lambda api: api.get(path))
        if found["state"] == "paused" and found["failure"]:
            self.ask(lambda api: api.post(f"{path}resume/"))
            self.resumed += 1
        return found

    def read_log(self, topic: str, topic_id: int) -> None:
        """What is new in a log, before progress in it is forgotten."""
        seen = self.read.setdefault(topic, {})
        last = max(seen, default=0)
        for sequence, kind in self.espalier.rows(
            "SELECT e.sequence, e.kind FROM live_event e JOIN live_log l ON e.log_id = l.id"
            f" WHERE l.kind = '{topic}' AND l.topic_id = {topic_id} AND e.sequence > {last}"
        ):
            seen[sequence] = kind


def wait_for(look: Callable[[], Any], besieged: Besieged | None, kills: int) -> tuple[Any, int]:
    """What is there once it has ended, and how many died meanwhile: no more than so many."""
    ends, died = time.monotonic() + PATIENCE_SECONDS, 0
    while True:
        found = look()
        if found["state"] in ("completed", "failed", "cancelled"):
            return found, died
        assert time.monotonic() < ends, found
        if besieged is not None and died < kills:
            besieged.kill_one()
            died += 1
        else:
            threading.Event().wait(0.5)


def said(folder: Path) -> str:
    """By all processes, for who looks into what went wrong."""
    return (folder / "said.log").read_text(errors="replace")
