"""A growth as the indexes of its choices: short to store, enough to go through it again."""

from collections.abc import Sequence
from dataclasses import dataclass

from search_engine.spec import Decision, Growth, SearchSpace, grow
from search_engine.spec.declared import Whole
from search_engine.spec.errors import InvalidConfig

Choices = tuple[Whole, ...]
"""For each decision in turn, the index of the option chosen."""


@dataclass(frozen=True, slots=True)
class Replay:
    """A growth gone through again: every decision as it stood, and where it led."""

    decisions: tuple[Decision, ...]
    growth: Growth


def replay(space: SearchSpace, choices: Sequence[int]) -> Replay:
    """Grow the cell of the choices.

    Raises:
        InvalidConfig: they are too few, too many, or not among the options.
    """
    growing = grow(space)
    decisions = [next(growing)]
    left = iter(choices)
    try:
        for choice in left:
            if not 0 <= choice < len(decisions[-1].options):
                raise InvalidConfig(
                    "choices",
                    f"expected 0 to {len(decisions[-1].options) - 1} as number "
                    f"{len(decisions)}, got {choice}",
                )
            decisions.append(growing.send(choice))
    except StopIteration as end:
        if (more := len(list(left))) > 0:
            raise InvalidConfig("choices", f"expected {len(decisions)}, got {more} more") from None
        return Replay(tuple(decisions), end.value)
    raise InvalidConfig("choices", f"the cell is not complete after {len(choices)}")
