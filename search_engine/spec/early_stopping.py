"""Stopping children that have no chance, by their accuracy after each epoch.

Two rules of ten lines each, and not Optuna's pruners: those read their history from an Optuna
study, so every trial would be recorded a second time, in a store that workers and `state()` would
have to agree with. References: Golovin et al. 2017 (median rule); Li et al. 2020, arXiv:1810.05934
(successive halving).
"""

import statistics
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Annotated

from search_engine.spec.declared import Declared, Whole, about, declared


class StoppingRule(StrEnum):
    """`none`; `median`: below the median of earlier trials; `halving`: not among the best at a
    rung.
    """

    NONE = "none"
    MEDIAN = "median"
    HALVING = "halving"


@declared
class EarlyStopping(Declared):
    """When a child is stopped before its last epoch."""

    place = "early_stopping"

    rule: Annotated[StoppingRule, about("Rule", "by which children are stopped")] = (
        StoppingRule.NONE
    )
    warmup_epochs: Annotated[
        Whole,
        about(
            "Not before",
            "nothing is stopped before so many epochs; also the first rung",
            unit="epochs",
            ge=1,
            le=100_000,
        ),
    ] = 1
    startup_trials: Annotated[
        Whole,
        about(
            "Not before",
            "nothing is stopped before so many trials have got that far",
            unit="trials",
            ge=1,
            le=100_000,
        ),
    ] = 5
    reduction: Annotated[
        Whole,
        about(
            "Halving: one in", "so many goes on, and rungs lie apart by this factor", ge=2, le=16
        ),
    ] = 2

    def stops(self, curve: Sequence[float], others: Iterable[Sequence[float]]) -> bool:
        """Whether a child stops now.

        Args:
            curve: its accuracy after each epoch so far.
            others: curves of the other trials, those that were stopped included. They are read
                only where the rule needs them, so a lazy database query costs nothing otherwise.
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

    def _is_rung(self, epoch: int) -> bool:
        rung = self.warmup_epochs
        while rung < epoch:
            rung *= self.reduction
        return rung == epoch
