"""JSON from elsewhere: bounded in size and depth, and described in messages."""

import json
import math
from collections.abc import Callable, Iterator
from typing import Any

from search_engine.spec.errors import InvalidConfig, SearchEngineError

MAX_DOCUMENT_BYTES = 256 * 1024
MAX_INTEGER = 2**63 - 1
MAX_DEPTH = 100

Document = dict[str, Any]
"""A JSON object as `json.loads` gives it."""

Failure = Callable[[str, str], SearchEngineError]


def parse_document(text: str | bytes, place: str, failure: Failure = InvalidConfig) -> object:
    """JSON text to plain Python values.

    Args:
        text: the JSON, at most `MAX_DOCUMENT_BYTES`.
        place: what messages call it.
        failure: the error to raise, made from place and reason.
    """
    if len(text) > MAX_DOCUMENT_BYTES:
        raise failure(
            place, f"expected at most {MAX_DOCUMENT_BYTES:,} bytes of JSON, got {len(text):,}"
        )
    try:
        return json.loads(text)
    except RecursionError:
        raise failure(place, "the JSON is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise failure(
            place, f"not JSON at line {error.lineno}, column {error.colno}: {error.msg}"
        ) from None
    except (UnicodeDecodeError, ValueError) as error:
        raise failure(place, f"not JSON: {error}") from None


def strange_values(document: object) -> Iterator[tuple[str, str]]:
    """What no document of ours holds and no database keeps: the place of each, and why.

    Texts with NUL or half a surrogate pair, numbers that are not finite or have more than 64 bits,
    and what is nested too deeply. The place of a fault can itself be shown.
    """
    waiting = [("", document, 0)]
    while waiting:
        place, value, depth = waiting.pop()
        if depth > MAX_DEPTH:
            yield place.partition(".")[0], f"nested more than {MAX_DEPTH} deep"
            return
        if isinstance(value, str) and (reason := _strange(value)):
            yield place, reason
        elif isinstance(value, int) and abs(value) > MAX_INTEGER:
            yield place, "expected a number of at most 64 bits"
        elif isinstance(value, float) and not math.isfinite(value):
            yield place, "expected a finite number"
        elif isinstance(value, dict):
            for name, inner in reversed(value.items()):
                at = ".".join(filter(None, (place, shown_text(str(name)))))
                if reason := _strange(str(name)):
                    yield at, reason
                waiting.append((at, inner, depth + 1))
        elif isinstance(value, list | tuple):
            ends = range(len(value) - 1, -1, -1)
            waiting += [(f"{place}[{index}]", value[index], depth + 1) for index in ends]


def _strange(text: str) -> str:
    if "\0" in text:
        return "expected text without NUL"
    return "" if text.isascii() or shown_text(text) == text else "expected text in Unicode"


def shown_text(text: str) -> str:
    """A text that can be written: half a surrogate pair as `\\ud800`."""
    return text.encode("utf-8", "backslashreplace").decode()


def describe(value: object) -> str:
    """A value in a message: what kind it is, and a little of it."""
    names = {dict: "an object", list: "an array", str: "a string", type(None): "null"}
    if isinstance(value, int) and abs(value) > MAX_INTEGER:
        return "a huge number"
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    name = names.get(type(value), type(value).__name__)
    return f"{name} {value[:40]!r}" if isinstance(value, str) else name
