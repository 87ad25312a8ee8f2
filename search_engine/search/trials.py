"""Trials of a search: to be evaluated, and ended."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from search_engine.spec import Lineage
from search_engine.spec.declared import Declared, Measured, Whole, about
from search_engine.spec.documents import Document
from search_engine.spec.measures import measured
from search_engine.spec.search_config import SearchConfig
from search_engine.spec.trial import Role, TrialResult
from search_engine.strategies import Proposal


@dataclass(frozen=True, slots=True)
class Trial(Declared):
    """A trial to be evaluated."""

    place = "trial"
    may_lack = ("role", "repeats")

    number: Annotated[Whole, about("Trial", "counts from 1 within the search", alias="trial")]
    proposal: Annotated[Proposal, about("Proposal", "the parent, and how it grows")]
    seed: Annotated[Whole, about("Seed", "of every draw in its evaluation")]
    role: Annotated[Role, about("Role", "what it is for")] = Role.CHILD
    repeats: Annotated[
        Whole, about("Repeats", "of a confirmation, the trial that it does once more; 0: none")
    ] = 0

    @property
    def parent(self) -> int:
        """Number of the trial whose network it grows from; 0 is the start network."""
        return self.proposal.parent

    def lineage(self, config: SearchConfig) -> Lineage:
        """The transformations that make the trial's network of its parent's."""
        return Lineage(self.proposal.transformations, self.seed, config.morph, self.parent)


@dataclass(frozen=True, slots=True)
class EndedTrial(Declared):
    """A trial with its result; its JSON is the line of the trials' record."""

    place = "ended"
    derived = ("state",)
    may_lack = ("notation", "digest")

    trial: Trial
    result: TrialResult
    reward: Annotated[Measured, about("Reward", "from which the strategy learned")]
    diagnostics: Annotated[
        Mapping[str, Measured], about("Diagnostics", "of the strategy, after it was told")
    ]
    notation: Annotated[str, about("Notation", "the cell in one line")] = ""
    digest: Annotated[str, about("Digest", "of the cell")] = ""

    @property
    def number(self) -> int:
        """Number of the trial."""
        return self.trial.number

    @property
    def state(self) -> str:
        """`completed` or `failed`."""
        return self.result.state

    @property
    def is_trained(self) -> bool:
        """Whether there is a network that was trained to the end."""
        return self.result.failure is None and not self.result.stopped_early

    @classmethod
    def opened(cls, document: Mapping[str, Any]) -> Mapping[str, Any]:
        """The trial's own fields together; what is derived may be left out."""
        within = ("trial", "proposal", "seed", "role", "repeats")
        trial = {name: document[name] for name in within if name in document}
        apart = {*within, *cls.derived}
        return {"trial": trial} | {k: value for k, value in document.items() if k not in apart}

    @classmethod
    def written(cls, document: Document) -> Document:
        """The trial's fields beside the others."""
        return document | document["trial"]


def reward_of(
    result: TrialResult, config: SearchConfig, *, classes: int, validation_images: int
) -> float:
    """The reward of a trial's result; a trial without an accuracy counts as guessing."""
    accuracy = measured(result, config.measure)
    accuracy = 1 / classes if accuracy is None else accuracy
    return config.objective.reward(accuracy, validation_images, result.costs)


def trial_seed(search_seed: int, number: int) -> int:
    """Seed of a trial, 32 bits; it depends on the search's seed and the trial's number only."""
    digest = hashlib.sha256(f"{search_seed}/{number}".encode()).digest()
    return int.from_bytes(digest[:4], "big")
