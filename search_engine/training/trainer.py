"""One loop for start networks, children and final training."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from search_engine.data import Batches
from search_engine.errors import (
    CheckpointError,
    InvalidConfig,
    OutOfMemory,
)
from search_engine.networks import Network
from search_engine.training.events import Event
from search_engine.training.loop import Loop
from search_engine.training.memory import is_out_of_memory, settle
from search_engine.training.pace import Pace
from search_engine.training.randomness import OwnRandomness
from search_engine.training.recipe import Recipe
from search_engine.training.state import TrainingState, own
from search_engine.training.team import ALONE, Team


class Trainer:
    """Trains a network in place; it is moved to the device, and trained when `run` has ended.

    Args:
        network: plain, or a child with shut gates: they open, and are gone in the end.
        recipe: how.
        training: batches to learn from.
        validation: batches to measure accuracy on after each epoch.
        seed: of DropPath. The order of images has the seed of `training`.
        device: that the batches are on.
        should_stop: asked before each step.
        cuda_graphs: replay steps as CUDA graphs; without effect on other devices.
        team: who trains it together; each process has its own share of `training`.

    Raises:
        InvalidConfig: there is nothing to learn from, or in batches of another size than the
            recipe's.
    """

    def __init__(
        self,
        network: Network,
        recipe: Recipe,
        training: Batches,
        validation: Batches | None = None,
        *,
        seed: int,
        device: torch.device | str = "cpu",
        should_stop: Callable[[], bool] | None = None,
        cuda_graphs: bool = False,
        team: Team = ALONE,
    ) -> None:
        _check_batches(training, recipe)
        self.network = network
        self.recipe = recipe
        self.seed = seed
        self.epoch = 0
        self._training = training
        self._within_epoch = False
        self._team = team
        settle(network, torch.device(device))
        team.share_norms(network)
        self._loop = Loop(
            network,
            recipe,
            training,
            validation,
            should_stop=should_stop or (lambda: False),
            cuda_graphs=cuda_graphs,
            team=team,
        )
        self._randomness = OwnRandomness(self._loop.step.device)

    def run(self) -> Iterator[Event]:
        """Train to the end. The work is done between the events, so take them all.

        Then the network is in eval mode, with the averages as its weights where there are any.

        Raises:
            TrainingDiverged: the loss or the weights are not finite, or the loss is hopeless.
            OutOfMemory: the device has not enough memory.
            TrainingStopped: `should_stop` said so. Go on in a new trainer, from the last state.
            CheckpointError: an earlier run ended within an epoch.
        """
        if self._within_epoch:
            raise CheckpointError("training", "it ended within an epoch: restore a state first")
        events = self._epochs()
        while (event := self._next(events)) is not None:
            yield event

    def state(self) -> TrainingState:
        """What a trainer of the same network, recipe and batches needs in order to go on.

        Raises:
            CheckpointError: within an epoch; ask before the first event or after an `EpochEnded`.
        """
        if self._within_epoch:
            raise CheckpointError("training state", "expected it between epochs, got it within one")
        tensors = own("network", self.network.state_dict()) | own(
            "momentum", self._loop.step.momentum()
        )
        if self._loop.average is not None:
            tensors |= own("average", self._loop.average.tensors)
        return TrainingState(
            self.network.architecture,
            self.recipe,
            self.seed,
            self.epoch,
            len(self._training),
            self._loop.course.gates.parts(),
            tensors,
        )

    @torch.no_grad()
    def restore(self, state: TrainingState) -> None:
        """Go on from a state, on the CPU bit for bit. Seed and gates are the state's.

        Raises:
            CheckpointError: the state is of another network, recipe or number of batches.
        """
        for field, mine, found in (
            ("architecture", self.network.architecture, state.architecture),
            ("recipe", self.recipe, state.recipe),
            ("batches", len(self._training), state.batches),
        ):
            if mine != found:
                raise CheckpointError("training state", f"{field}: expected {mine}, got {found}")
        self._loop.course.gates.restore(state.gates)
        try:
            self.network.load_state_dict(state.part("network"))
            _fill(self._loop.step.momentum(), state.part("momentum"))
            if self._loop.average is not None:
                _fill(self._loop.average.tensors, state.part("average"))
        except (RuntimeError, KeyError) as error:
            reason = " ".join(str(error).split())[:300]
            raise CheckpointError("training state", f"the tensors do not fit: {reason}") from None
        self.seed, self.epoch, self._within_epoch = state.seed, state.epoch, False
        self._loop.forget_graph()

    def _next(self, events: Iterator[Event]) -> Event | None:
        """Work until the next event, with random numbers of our own."""
        with self._randomness.active():
            try:
                return next(events, None)
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                reason = " ".join(str(error).split())[:300]
        # Not while handling the error: its traceback holds the memory that is to be freed.
        self._loop.free()
        raise OutOfMemory(reason)

    def _epochs(self) -> Iterator[Event]:
        pace = Pace((self.recipe.epochs - self.epoch) * len(self._training))
        while self.epoch < self.recipe.epochs:
            self._within_epoch = True
            # DropPath differs between the processes of a team, as their images do.
            self._randomness.seed(self.seed, self.epoch, *self._team.seeds)
            yield from self._loop.teach(self.epoch, pace)
            ended = self._loop.end(self.epoch, pace)
            self.epoch, self._within_epoch = ended.epoch, False
            yield ended
        if self._loop.average is not None:
            self._loop.average.apply()
            self._loop.refresh_norms(self.recipe.epochs - 1)
        self.network.eval()


def _check_batches(training: Batches, recipe: Recipe) -> None:
    if not len(training):
        raise InvalidConfig("training", "expected at least one batch, got none")
    if training.batch_size != recipe.batch_size:
        raise InvalidConfig(
            "recipe.batch_size",
            f"expected that of the batches, {training.batch_size}, got {recipe.batch_size}",
        )


def _fill(into: dict[str, Tensor], tensors: dict[str, Tensor]) -> None:
    for name, tensor in into.items():
        tensor.copy_(tensors[name])
