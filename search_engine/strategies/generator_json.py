"""The state of a `random.Random` as plain values."""

import random

from search_engine.errors import InvalidConfig


def generator_to_json(rng: random.Random) -> list[object]:
    """Plain values for `json.dumps`."""
    version, words, spare = rng.getstate()
    return [version, list(words), spare]


def generator_from_json(document: object) -> random.Random:
    """The generator that goes on where `generator_to_json` was called.

    Raises:
        InvalidConfig: malformed.
    """
    rng = random.Random()
    try:
        version, words, spare = document  # type: ignore[misc]
        rng.setstate((version, tuple(words), spare))  # type: ignore[has-type]
    except (TypeError, ValueError) as error:
        raise InvalidConfig("generator", f"expected the state of a generator: {error}") from None
    return rng
