"""Stopping children that have no chance, by their accuracy after each epoch.

Two rules of ten lines each, and not Optuna's pruners: those read their history from an Optuna
study, so every trial would be recorded a second time, in a store that workers and `state()` would
have to agree with. References: Golovin et al. 2017 (median rule); Li et al. 2020, arXiv:1810.05934
(successive halving).
"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from search_engine.architecture.documents import Document, Reader
from search_engine.architecture.skeletons.base import check_range


class StoppingRule(StrEnum):
    """`none`; `median`: below the median of earlier trials; `halving`: not among the best at a
    rung.
    """

    NONE = "none"
    MEDIAN = "median"
    HALVING = "halving"


@dataclass(frozen=True, slots=True)
class EarlyStopping:
    """When a child is stopped before its last epoch.

    Args:
        rule: which rule.
        warmup_epochs: nothing is stopped before so many epochs; also the first rung.
        startup_trials: nothing is stopped before so many trials have got that far.
        reduction: of `halving`: one in so many goes on, and rungs lie apart by this factor.

    Raises:
        InvalidConfig: a setting is outside its limits.
    """

    rule: StoppingRule = StoppingRule.NONE
    warmup_epochs: int = 1
    startup_trials: int = 5
    reduction: int = 2

    def __post_init__(self) -> None:
        check_range("early_stopping.warmup_epochs", self.warmup_epochs, 1, 100_000)
        check_range("early_stopping.startup_trials", self.startup_trials, 1, 100_000)
        check_range("early_stopping.reduction", self.reduction, 2, 16)

    def stops(self, curve: Sequence[float], others: Sequence[Sequence[float]]) -> bool:
        """Whether a child stops now.

        Args:
            curve: its accuracy after each epoch so far.
            others: the curves of other trials, whole or stopped.
        """
        epoch = len(curve)
        if self.rule is StoppingRule.NONE or epoch < self.warmup_epochs:
            return False
        if self.rule is StoppingRule.MEDIAN:
            # The best so far against the means of the others so far, as Vizier does.
            means = [statistics.fmean(other[:epoch]) for other in others if len(other) >= epoch]
            enough = len(means) >= self.startup_trials
            return enough and max(curve) < statistics.median(means)
        if not self._is_rung(epoch):
            return False
        reached = sorted(
            (other[epoch - 1] for other in others if len(other) >= epoch), reverse=True
        )
        if len(reached) < self.startup_trials:
            return False
        go_on = (len(reached) + 1) // self.reduction
        return sum(accuracy > curve[-1] for accuracy in reached) >= go_on

    def to_json(self) -> Document:
        """The settings as plain values."""
        return {
            "rule": self.rule.value,
            "warmup_epochs": self.warmup_epochs,
            "startup_trials": self.startup_trials,
            "reduction": self.reduction,
        }

    @classmethod
    def from_json(cls, document: object) -> Self:
        """Settings from what `to_json` made.

        Raises:
            InvalidConfig: malformed; the message names the field.
        """
        reader = Reader(document, "early_stopping")
        settings = cls(
            reader.choice("rule", StoppingRule),
            reader.integer("warmup_epochs"),
            reader.integer("startup_trials"),
            reader.integer("reduction"),
        )
        reader.done()
        return settings

    def _is_rung(self, epoch: int) -> bool:
        rung = self.warmup_epochs
        while rung < epoch:
            rung *= self.reduction
        return rung == epoch
