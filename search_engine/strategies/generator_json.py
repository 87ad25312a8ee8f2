"""The state of a `random.Random` as plain values."""

import random
from typing import Annotated

from search_engine.spec.declared import Codec
from search_engine.spec.errors import InvalidConfig


def _to_json(rng: random.Random) -> list[object]:
    version, words, spare = rng.getstate()
    return [version, list(words), spare]


def _from_json(document: object) -> random.Random:
    rng = random.Random()
    try:
        version, words, spare = document  # type: ignore[misc]
        rng.setstate((version, tuple(words), spare))  # type: ignore[has-type]
    except (TypeError, ValueError) as error:
        raise InvalidConfig("", f"expected the state of a generator: {error}") from None
    return rng


GeneratorField = Annotated[
    random.Random, Codec(random.Random, _from_json, _to_json, {"type": "array"})
]
"""A generator as a field of what is declared; it goes on where it was when it was written."""
