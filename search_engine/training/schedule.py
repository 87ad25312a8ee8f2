"""Learning rate, gates and CondenseNet's pruning, which depend on a training's progress alone.

Resuming therefore needs no memory of it.
"""

import math
from collections.abc import Callable

from search_engine.networks import CondenseNet, Network
from search_engine.spec.recipe import Recipe
from search_engine.training.gates import Gates
from search_engine.training.step import TrainStep

CONDENSE_CALLS = 100
"""How often in a training a CondenseNet prunes what is due; finding out waits for the device."""


def learning_rate(recipe: Recipe, progress: float) -> float:
    """The learning rate of the next step: it rises linearly, then falls along a cosine to 0.

    Args:
        progress: share of the training that is done, 0 to 1.

    Reference: Loshchilov and Hutter 2017 (arXiv:1608.03983), without restarts.
    """
    warmup = recipe.warmup_epochs / recipe.epochs
    if progress < warmup:
        return recipe.learning_rate * progress / warmup
    fall = (progress - warmup) / (1 - warmup)
    return recipe.learning_rate * (1 + math.cos(math.pi * fall)) / 2


class StepSchedule:
    """Sets learning rate, gates and pruning before each step.

    Args:
        step: whose learning rate is set.
        steps: number of steps of the whole training.
    """

    def __init__(self, network: Network, recipe: Recipe, step: TrainStep, steps: int) -> None:
        self.steps = steps
        self.gates = Gates(network, recipe.annealing)
        self._recipe = recipe
        self._step = step
        self._condense: Callable[[float], None] | None = None
        if isinstance(network, CondenseNet) and not network.is_converted:
            self._condense = network.condense
        self._interval = max(1, steps // CONDENSE_CALLS)

    def learning_rate(self, done: int) -> float:
        """Learning rate of the step that follows `done` steps."""
        return learning_rate(self._recipe, done / self.steps)

    def prepare(self, done: int) -> bool:
        """Set all that the next step needs. Calling it twice changes nothing more.

        Args:
            done: number of steps done; after the last one, a plain network is left.

        Returns:
            Whether gates were removed: the network consists of other modules from here on.
        """
        head_alone = done * self._recipe.epochs < self._recipe.head_epochs * self.steps
        self._step.set_learning_rate(self.learning_rate(done), head_alone=head_alone)
        if self._condense is not None and (done % self._interval == 0 or done == self.steps):
            self._condense(done / self.steps)
        return self.gates.open(done / self.steps)
