"""Growing in generations: children of children, by moves whose worth is learned on the way.

A trial is one step: it takes its parent's trained weights, makes its move and trains for the
recipe's epochs. A network that shall be trained on rests, and so goes on from where it stopped.
Which move pays most per unit of training is a bandit's question, answered by Thompson sampling.
References: LEMONADE (Elsken et al. 2019, arXiv:1804.09081) for parents from the front of accuracy
against cost; EENA (Zhu et al. 2019, arXiv:1905.07320) for growth from any parent.
"""

import math
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, Self

from search_engine.spec import Architecture, Cell, SearchSpace
from search_engine.spec.architecture import Transformations
from search_engine.spec.declared import Declared, Flag, Measured, Whole
from search_engine.spec.documents import Document
from search_engine.spec.errors import InvalidConfig
from search_engine.spec.objective import CostKind
from search_engine.spec.strategy_settings import GrowSettings
from search_engine.strategies.base import Ground, Settings, Strategy, Tensors, Told
from search_engine.strategies.generator_json import GeneratorField
from search_engine.strategies.moves import Steps, draw_steps
from search_engine.strategies.proposal import Move, Proposal

START = 0
FAR = 2.0
"""A network this many standard errors behind the best is no parent."""
EXPECTED = {Move.REST: 0.0, Move.PATH: 0.005, Move.WIDEN: 0.01, Move.DEEPEN: 0.005}
"""Gain in accuracy that is expected of a move that was not tried; see docs/experiments.md."""
SPREAD = 0.005
"""Standard deviation of one try's gain, and of what is expected."""
MOST = 0.1
"""Gains count up to here, either way: one that diverged shall not spoil its move for good."""
REMEMBERED = 0.85
"""Weight of each try relative to the next one, in the mean that says what a move is worth."""


@dataclass(frozen=True, slots=True)
class Grown(Declared):
    """A network that was told.

    Args:
        score: its reward as an accuracy; what it is worth beside its cost.
        compute: multiply-adds that its training took.
        is_trained: whether it was trained to the end, so that it may be a parent.
    """

    number: Whole
    parent: Whole
    move: Move
    transformations: Transformations
    score: Measured
    multiply_adds: Measured
    compute: Measured
    is_trained: Flag


class _Network(NamedTuple):
    """What may be a parent."""

    number: int
    score: float
    cost: float


@dataclass(frozen=True, slots=True)
class _Asked(Declared):
    in_order = True

    parent: Whole
    move: Move


@dataclass(frozen=True, slots=True)
class _State(Declared):
    place = "strategy.own"

    settings: GrowSettings
    generator: GeneratorField
    grown: tuple[Grown, ...]
    asked: tuple[_Asked, ...]


class GrowStrategy(Strategy):
    """Proposals that grow from the best networks so far."""

    name: ClassVar[str] = "grow"
    has_parents: ClassVar[bool] = True

    def __init__(
        self, space: SearchSpace, settings: GrowSettings, rng: random.Random, ground: Ground | None
    ) -> None:
        if ground is None:
            raise InvalidConfig("strategy", "growing must know the start network")
        super().__init__(space)
        self.settings = settings
        self._rng = rng
        self._ground = ground
        self._grown: dict[int, Grown] = {}
        self._asked: list[_Asked] = []
        self._architectures = {START: ground.start}

    @classmethod
    def make(
        cls, space: SearchSpace, seed: int, settings: Settings, ground: Ground | None = None
    ) -> Self:
        return cls(space, GrowSettings.from_json(settings), random.Random(seed), ground)

    def ask(self) -> Proposal:
        parent = self._pick_parent()
        architecture = self._architecture(parent)
        for move in self._by_promise(parent):
            steps = draw_steps(
                move, self.space, architecture, self._rng, self.settings.largest_step
            )
            if steps is not None:
                return self._proposal(parent, move, steps)
        return self.rest(parent)

    def rest(self, parent: int = START) -> Proposal:
        return self._proposal(parent, Move.REST, ())

    def _proposal(self, parent: int, move: Move, steps: Steps) -> Proposal:
        self._asked.append(_Asked(parent, move))
        return Proposal(steps, parent=parent, move=move)

    @property
    def has_ended(self) -> bool:
        """Whether children of all parents, as many as the patience allows, brought nothing better,
        or there is no parent left."""
        if not self._asked and not self._eligible():
            return True
        since = 0
        best = -math.inf
        for one in self._grown.values():
            since += one.move is not Move.REST
            if one.is_trained and one.score > best:
                best, since = one.score, 0
        return since >= self.settings.patience * self.settings.parents

    def parents(self) -> frozenset[int]:
        return frozenset(one.number for one in self._untried()) - {START}

    def diagnostics(self) -> dict[str, float]:
        """Adds how many `parents` there are, and of each move its `tries` and its `gain` in points
        per unit of training, which is the least that a trial took."""
        own = {"parents": float(len(self._eligible()))}
        for move in Move:
            gains = self._gains(move)
            own[f"tries.{move}"] = float(len(gains))
            if gains:
                own[f"gain.{move}"] = 100 * _average(gains)[0]
        return {**super().diagnostics(), **own}

    # --- parents -------------------------------------------------------------------------------

    def _pick_parent(self) -> int:
        """One of the eligible: each is half as likely as the one before it."""
        eligible = self._eligible() or [one.number for one in self._contenders()[-1:]]
        weights = [0.5**rank for rank in range(len(eligible))]
        return self._rng.choices(eligible, weights)[0]

    def _eligible(self) -> list[int]:
        """The networks that may have children, the best first: of equals the cheaper one."""
        left = self._untried()
        ranked: list[int] = []
        while left and len(ranked) < self.settings.parents:
            top = max(one.score for one in left)
            equal = [one for one in left if one.score >= top - self._noise(top)]
            first = min(equal, key=lambda one: (one.cost, -one.score, one.number))
            ranked.append(first.number)
            left.remove(first)
        return ranked

    def _untried(self) -> list[_Network]:
        """The contenders that have not had as many children as the patience allows, rests apart.

        Whoever is not among them will never be again.
        """
        steps = [(one.parent, one.move) for one in self._grown.values()]
        steps += [(one.parent, one.move) for one in self._asked]
        children = Counter(parent for parent, move in steps if move is not Move.REST)
        return [one for one in self._contenders() if children[one.number] < self.settings.patience]

    def _contenders(self) -> list[_Network]:
        """Networks that nothing as cheap clearly beats, and that are not far behind the best."""
        networks = [
            _Network(number, one.score, one.multiply_adds)
            for number, one in self._grown.items()
            if one.is_trained
        ]
        start = self._score(START)
        if start is not None or not networks:
            cost = float(self._ground.start.cost.multiply_adds)
            networks.append(_Network(START, start or 0.0, cost))
        networks.sort(key=lambda one: (one.cost, -one.score, one.number))
        top = max(one.score for one in networks)
        behind = top - FAR * self._error(top)
        contenders, beaten_below = [], behind
        for one in networks:
            if one.score >= beaten_below:
                contenders.append(one)
            beaten_below = max(beaten_below, one.score - self._noise(one.score))
        return contenders

    def _noise(self, score: float) -> float:
        """What scores may differ by and still be equal."""
        return self.settings.noise * self._error(score)

    def _error(self, score: float) -> float:
        """Standard error of an accuracy on the validation images."""
        share = min(max(score, 0.0), 1.0)
        return math.sqrt(share * (1 - share) / self._ground.validation_images)

    def _score(self, number: int) -> float | None:
        """A network's score. The start network's is that of its first rest: nobody tells it."""
        if number != START:
            return self._grown[number].score
        rests = (
            one.score
            for one in self._grown.values()
            if one.parent == START and one.move is Move.REST
        )
        return next(rests, None)

    # --- moves ---------------------------------------------------------------------------------

    def _by_promise(self, parent: int) -> list[Move]:
        """The moves, the most promising first: by a draw from what is known of each."""
        taken = {(one.parent, one.move) for one in self._grown.values()}
        taken |= {(one.parent, one.move) for one in self._asked}
        rested = (parent, Move.REST) in taken
        drawn = {move: self._draw(move) for move in Move if not (rested and move is Move.REST)}
        return sorted(drawn, key=lambda move: -drawn[move])

    def _draw(self, move: Move) -> float:
        mean, count = _average([EXPECTED[move], *self._gains(move)])
        return self._rng.gauss(mean, SPREAD / math.sqrt(count))

    def _gains(self, move: Move) -> list[float]:
        """What each try of a move brought over its parent, per unit of training."""
        least = min((one.compute for one in self._grown.values() if one.compute), default=1.0)
        gains = []
        for one in self._grown.values():
            before = self._score(one.parent)
            if one.move is move and before is not None:
                gain = min(max(one.score - before, -MOST), MOST)
                gains.append(gain * least / (one.compute or least))
        return gains

    # --- what was told -------------------------------------------------------------------------

    def _learn(self, proposal: Proposal, told: Told) -> None:
        if proposal.move is None:
            raise InvalidConfig("proposal", "expected one with a move")
        asked = _Asked(proposal.parent, proposal.move)
        if asked in self._asked:
            self._asked.remove(asked)
        if not told.number:
            return  # a limit forbids it: nothing was trained
        result = told.result
        whole = result is not None and result.failure is None and not result.stopped_early
        costs = result.costs if result is not None else {}
        self._grown[told.number] = Grown(
            told.number,
            proposal.parent,
            proposal.move,
            proposal.transformations,
            math.atan(told.reward) * 2 / math.pi,
            costs.get(CostKind.MULTIPLY_ADDS, 0.0),
            result.compute if result is not None else 0.0,
            whole,
        )

    def _architecture(self, number: int) -> Architecture:
        if number not in self._architectures:
            one = self._grown[number]
            architecture = self._architecture(one.parent)
            for step in one.transformations:
                architecture = architecture.after(step)
            self._architectures[number] = architecture
        return self._architectures[number]

    def _cell(self, proposal: Proposal) -> Cell:
        architecture = self._architecture(proposal.parent)
        for step in proposal.transformations:
            architecture = architecture.after(step)
        return architecture.cell

    def _values(self) -> Document:
        grown = tuple(self._grown.values())
        return _State(self.settings, self._rng, grown, tuple(self._asked)).to_json()

    @classmethod
    def _restore(
        cls, space: SearchSpace, own: Document, tensors: Tensors, ground: Ground | None
    ) -> Self:
        state = _State.from_json(own)
        strategy = cls(space, state.settings, state.generator, ground)
        strategy._grown = {one.number: one for one in state.grown}
        strategy._asked = list(state.asked)
        return strategy


def _average(gains: Sequence[float]) -> tuple[float, float]:
    """The mean of tries, the later ones counting more, and how many they count for."""
    weights = [REMEMBERED**age for age in reversed(range(len(gains)))]
    total = sum(weights)
    return sum(w * gain for w, gain in zip(weights, gains, strict=True)) / total, total
