"""Watching a training: how fast it goes, and whether it has diverged."""

import math
import time

from torch import nn

from search_engine.networks import Network
from search_engine.spec.errors import TrainingDiverged

EVENT_SECONDS = 0.5
"""Shortest time between two events of steps."""

HOPELESS = 10.0
"""A training has diverged when its loss exceeds that of guessing, log(classes), by this factor."""

CHECK_STEPS = 50
"""The loss is looked at every so many steps; over fewer, a loss may rise and recover."""


class DivergenceGuard:
    """Raises when the loss or the weights show that a training has diverged."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._limit = HOPELESS * math.log(network.architecture.skeleton.classes)

    def check_loss(self, loss: float, epoch: int, step: int, *, is_settled: bool) -> None:
        """Check the mean loss of an epoch so far.

        Args:
            epoch: its number, from 1.
            step: number of the step in the whole training, from 1.
            is_settled: whether enough images have been seen to judge by the size of the loss, too.

        Raises:
            TrainingDiverged: it is not finite, or hopeless.
        """
        if not math.isfinite(loss):
            raise TrainingDiverged(epoch, step, f"expected a finite loss, got {loss}")
        if is_settled and loss > self._limit:
            reason = f"expected a loss of at most {self._limit:.1f}, got {loss:.4g}"
            raise TrainingDiverged(epoch, step, reason)

    def check_weights(self, epoch: int, step: int) -> None:
        """Check that all weights are finite, which the last step's loss does not show.

        Raises:
            TrainingDiverged: they are not.
        """
        weights = [weight.detach() for weight in self._network.parameters()]
        norm = float(nn.utils.get_total_norm(weights))
        if not math.isfinite(norm):
            raise TrainingDiverged(epoch, step, f"expected finite weights, got norm {norm}")


class ProgressMeter:
    """Counts steps and images against the clock.

    Args:
        steps: number of steps still to be done.
    """

    def __init__(self, steps: int) -> None:
        self._left = steps
        self._done = 0
        self._begin = self._last_event = time.perf_counter()
        self.begin_epoch()

    def begin_epoch(self) -> None:
        """Start the epoch's clock and its count of images."""
        self._epoch_begin = time.perf_counter()
        self._images = 0

    def count(self, images: int) -> None:
        """Count a step with so many images."""
        self._images += images
        self._done += 1
        self._left -= 1

    def is_due(self) -> bool:
        """Whether it is time for an event. A yes starts the wait for the next one."""
        now = time.perf_counter()
        if now - self._last_event < EVENT_SECONDS:
            return False
        self._last_event = now
        return True

    @property
    def epoch_seconds(self) -> float:
        """Seconds since the epoch began."""
        return time.perf_counter() - self._epoch_begin

    @property
    def images_per_second(self) -> float:
        """Training speed of this epoch so far; read it before the validation begins."""
        return self._images / max(self.epoch_seconds, 1e-9)

    @property
    def eta_seconds(self) -> float:
        """Seconds until all steps are done, at the mean speed so far."""
        return (time.perf_counter() - self._begin) / max(self._done, 1) * self._left
