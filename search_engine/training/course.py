"""What follows from a training's progress alone: learning rate, gates, dropped inputs."""

from collections.abc import Callable

from search_engine.networks import CondenseNet, Network
from search_engine.training.gates import Gates
from search_engine.training.recipe import Recipe
from search_engine.training.schedule import learning_rate
from search_engine.training.step import TrainStep

CONDENSE_CALLS = 100
"""How often in a training a CondenseNet drops what is due: to find out, it waits for the device."""


class Course:
    """Prepares each step, from its number.

    Args:
        network: on its device.
        recipe: how it is trained.
        step: that teaches it.
        steps: of the whole training.
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
        """Of the step after so many."""
        return learning_rate(self._recipe, done / self.steps)

    def prepare(self, done: int) -> bool:
        """Set all that the next step needs. Doing it twice is doing it once.

        Args:
            done: steps done; `steps` after the last, which leaves a plain network.

        Returns:
            Whether gates were taken away: the network is another module from here on.
        """
        self._step.set_learning_rate(self.learning_rate(done))
        if self._condense is not None and (done % self._interval == 0 or done == self.steps):
            self._condense(done / self.steps)
        return self.gates.open(done / self.steps)
