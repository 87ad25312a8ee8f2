"""Strategies: who chooses the next cell to try. All behind ask, tell and state."""

from collections.abc import Mapping

from search_engine.spec import SearchSpace
from search_engine.spec.errors import InvalidConfig
from search_engine.strategies.base import Ground, Strategy, StrategyState
from search_engine.strategies.evolution import EvolutionStrategy
from search_engine.strategies.grow import GrowStrategy
from search_engine.strategies.proposal import Move, Proposal
from search_engine.strategies.random import RandomStrategy
from search_engine.strategies.reinforce import ReinforceStrategy

STRATEGIES: Mapping[str, type[Strategy]] = {
    kind.name: kind for kind in (GrowStrategy, ReinforceStrategy, RandomStrategy, EvolutionStrategy)
}
"""Every strategy by its name."""


def make_strategy(
    name: str, space: SearchSpace, seed: int, *, ground: Ground | None = None, **settings: object
) -> Strategy:
    """A strategy at its start.

    Args:
        name: one of `STRATEGIES`.
        seed: seeds all its random draws.
        ground: where it begins; only strategies with parents need it.
        settings: those of the strategy that are not the default.

    Raises:
        InvalidConfig: no such strategy or setting, or a setting outside its limits.
    """
    return _kind(name).make(space, seed, settings, ground)


def restore_strategy(
    space: SearchSpace, state: StrategyState, ground: Ground | None = None
) -> Strategy:
    """The strategy of the state's name, going on where the state was taken.

    Raises:
        InvalidConfig: the state is malformed.
    """
    return _kind(state.values.get("name")).from_state(space, state, ground)


def _kind(name: object) -> type[Strategy]:
    if not isinstance(name, str) or name not in STRATEGIES:
        expected = ", ".join(STRATEGIES)
        raise InvalidConfig("strategy", f"expected one of {expected}, got {name!r}")
    return STRATEGIES[name]
