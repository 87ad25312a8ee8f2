"""When a training has come to nothing."""

import math

from torch import nn

from search_engine.errors import TrainingDiverged
from search_engine.networks import Network

HOPELESS = 10.0
"""A training has diverged when its loss is so many times that of guessing, log(classes)."""

CHECK_STEPS = 50
"""At least so often the loss is looked at; fewer steps may go wrong and recover."""


class Watch:
    """Looks at loss and weights, and raises where they tell of divergence.

    Args:
        network: that is trained.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._limit = HOPELESS * math.log(network.architecture.skeleton.classes)

    def check_loss(self, loss: float, epoch: int, step: int, *, is_settled: bool) -> None:
        """Check the loss of an epoch.

        Args:
            loss: mean over the images so far.
            epoch: its number, from 1.
            step: number of the step in the whole training, from 1.
            is_settled: enough images have been seen to judge by its size, too.

        Raises:
            TrainingDiverged: it is not finite, or hopeless.
        """
        if not math.isfinite(loss):
            raise TrainingDiverged(epoch, step, f"expected a finite loss, got {loss}")
        if is_settled and loss > self._limit:
            reason = f"expected a loss of at most {self._limit:.1f}, got {loss:.4g}"
            raise TrainingDiverged(epoch, step, reason)

    def check_weights(self, epoch: int, step: int) -> None:
        """Check that all weights are finite; the last step's loss does not show it.

        Raises:
            TrainingDiverged: they are not.
        """
        weights = [weight.detach() for weight in self._network.parameters()]
        norm = float(nn.utils.get_total_norm(weights))
        if not math.isfinite(norm):
            raise TrainingDiverged(epoch, step, f"expected finite weights, got norm {norm}")
