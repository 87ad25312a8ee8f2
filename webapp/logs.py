"""Lines of the log: each says of which request, search, trial or other work it tells.

Whoever begins something says what it is about; every line that is written meanwhile says so, too,
whoever writes it.
"""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

Name = str | int

_about: ContextVar[dict[str, Name] | None] = ContextVar("about", default=None)


@contextmanager
def about(**names: Name) -> Iterator[None]:
    """Lines within it are about this, and what those around them are about.

    Args:
        names: such as `search=7`.
    """
    token = _about.set({**(_about.get() or {}), **names})
    try:
        yield
    finally:
        _about.reset(token)


def also_about(**names: Name) -> None:
    """From now on, to the end of the innermost `about`, lines are about this, too."""
    now = _about.get()
    if now is not None:
        now.update(names)  # in place: a view's thread has a copy of the context, not of this


class AboutFilter(logging.Filter):
    """Gives each record what it is about, while that is known."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.about = dict(_about.get() or {})
        return True


class PlainFormatter(logging.Formatter):
    """Lines for people: what a line is about stands behind it."""

    def __init__(self) -> None:
        super().__init__("{asctime} {levelname} {name}: {message}", style="{")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """The line; a traceback follows below it."""
        names: dict[str, Name] = getattr(record, "about", {})
        behind = " ".join(f"{name}={value}" for name, value in names.items())
        line = super().formatMessage(record)
        return f"{line} [{behind}]" if behind else line


class JsonFormatter(logging.Formatter):
    """Lines for programs: each is a JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Name] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "about", {}),
        }
        if record.exc_info and record.exc_info[0] is not None:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)
