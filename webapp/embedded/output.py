"""What the processes say, line by line, under their names; and whether anybody still listens."""

import asyncio
import json
import os
import stat
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TextIO

COLOURS = (36, 33, 32, 35, 34, 31)  # ANSI: cyan, yellow, green, magenta, blue, red


def _as_object(name: str, text: str) -> str:
    """A line as JSON, with the process that it is from: most say theirs as JSON already."""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        found = {"at": at, "level": "INFO", "logger": "webapp.embedded", "message": text}
    return json.dumps({**found, "process": name}, ensure_ascii=False)


class Output:
    """A stream that may be closed at its other end, as by `make run | head`.

    Args:
        lost: called once when nobody listens any more.
        width: characters of the longest name.
        as_json: whether every line is an object, for programs.
    """

    def __init__(
        self,
        stream: TextIO,
        lost: Callable[[], None],
        width: int = 0,
        *,
        as_json: bool = False,
    ) -> None:
        self._stream, self._lost, self._width = stream, lost, width
        self._as_json = as_json
        self._colours: dict[str, int] = {}
        self._is_terminal = stream.isatty()

    def say(self, text: str) -> None:
        """A line of our own."""
        self._write(f"{_as_object('run', text.strip()) if self._as_json else text}\n")

    def say_of(self, name: str, text: str) -> None:
        """A line of the process of this name."""
        if self._as_json:
            self._write(f"{_as_object(name, text)}\n")
            return
        start = f"{datetime.now():%H:%M:%S} {name.ljust(self._width)} |"
        if self._is_terminal:
            colour = self._colours.setdefault(name, COLOURS[len(self._colours) % len(COLOURS)])
            start = f"\033[{colour}m{start}\033[0m"
        self._write(f"{start} {text}\n")

    def watch(self) -> None:
        """Notice a closed pipe at once, and not at the next line."""
        if sys.platform == "linux" and stat.S_ISFIFO(os.fstat(self._stream.fileno()).st_mode):
            asyncio.get_running_loop().add_reader(self._stream, self._close)

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:
            self._close()

    def _close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._stream)
        # What is written from now on, at the interpreter's end too, goes nowhere.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)
        self._lost()
