"""The baseline of rewards: a moving average over earlier batches."""

import math
from collections.abc import Sequence


class Baseline:
    """True moving average of batch means, fixed before the batch that is compared with it arrives.

    The first batch has nothing before it. There each reward is compared with the mean of the other
    rewards of its batch: that does not depend on the cell itself, so the gradient stays unbiased.
    The mean of the whole batch is then the first value.

    Args:
        decay: weight of the old value against the mean of a new batch.
        value: where to go on from; None before the first batch.

    Reference: Cai et al. 2018, section 3.3 (arXiv:1806.02639).
    """

    def __init__(self, decay: float, value: float | None = None) -> None:
        self.decay = decay
        self.value = value

    def advantages(self, rewards: Sequence[float]) -> list[float]:
        """Reward minus baseline for each cell of a batch; the baseline stays as it is."""
        if self.value is not None:
            return [reward - self.value for reward in rewards]
        total, others = math.fsum(rewards), len(rewards) - 1
        if not others:
            return [0.0]
        return [reward - (total - reward) / others for reward in rewards]

    def add(self, rewards: Sequence[float]) -> None:
        """Move by a batch, after it has been used."""
        mean = math.fsum(rewards) / len(rewards)
        old = self.value
        self.value = mean if old is None else self.decay * old + (1 - self.decay) * mean
