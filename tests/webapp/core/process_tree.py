"""Looking at processes of other processes, from /proc, and waiting for what they do."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any


def children(pid: int) -> list[int]:
    """Those that a process has started, threads of it included; none where it is gone."""
    found: list[int] = []
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (task / "children").read_text().split())
    except OSError:
        return []
    return found


def descendants(pid: int) -> Iterator[int]:
    for child in children(pid):
        yield child
        yield from descendants(child)


def command_line(pid: int) -> str:
    """Words of the command with spaces between; empty where the process is gone or a zombie."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def find(pid: int, words: str) -> list[int]:
    """Descendants whose command holds these words."""
    return [found for found in descendants(pid) if words in command_line(found)]


def until(condition: Callable[[], Any], what: str, seconds: float = 60.0) -> Any:
    """Wait for what other processes do; what the condition gave."""
    pause, end = threading.Event(), time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, f"not within {seconds:.0f} s: {what}"
        pause.wait(0.05)
    return found
