"""The trainer of every network: start networks, children and final trainings."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from search_engine.data import Batches
from search_engine.networks import Network
from search_engine.spec.causes import is_out_of_memory
from search_engine.spec.errors import CheckpointError, InvalidConfig, OutOfMemory
from search_engine.spec.recipe import Recipe
from search_engine.spec.training_events import EpochEnded, Event
from search_engine.training.device import TrainingRandomness, settle
from search_engine.training.loop import Loop
from search_engine.training.monitoring import ProgressMeter
from search_engine.training.process_group import SINGLE_PROCESS, ProcessGroup
from search_engine.training.state import StateFolder, TrainingHeader, TrainingState, on_cpu


class Trainer:
    """Trains a network in place: it is moved to the device, and is trained when `run` has ended.

    Args:
        network: a child may still have closed gates; they open in training and are gone at its end.
        training: batches to learn from.
        validation: batches to measure the accuracy on after each epoch.
        seed: seeds DropPath only; the order of images follows the seed of `training`.
        device: by default the one where the network is.
        should_stop: asked before each step.
        cuda_graphs: replay steps as CUDA graphs; without effect on other devices.
        group: the processes that train together, each with its own share of `training`.
        teacher: whose probabilities a recipe may ask for: plain, in eval mode, on the device.

    Raises:
        InvalidConfig: there is nothing to learn from, or the batches are of another size than the
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
        device: torch.device | str | None = None,
        should_stop: Callable[[], bool] | None = None,
        cuda_graphs: bool = True,
        group: ProcessGroup = SINGLE_PROCESS,
        teacher: Network | None = None,
    ) -> None:
        _check_batches(training, recipe)
        self.network = network
        self.recipe = recipe
        self.seed = seed
        self.epoch = 0
        self._training = training
        self._within_epoch = False
        self._group = group
        settle(network, torch.device(device or next(network.parameters()).device))
        group.synchronise_batch_norms(network)
        self._loop = Loop(
            network,
            recipe,
            training,
            validation,
            should_stop=should_stop or (lambda: False),
            cuda_graphs=cuda_graphs,
            group=group,
            teacher=teacher,
        )
        self._randomness = TrainingRandomness(self._loop.step.device)

    def run(self, folder: StateFolder | None = None) -> Iterator[Event]:
        """Train to the end, yielding events. The work is done between them, so take them all.

        In the end the network is in eval mode, with its EMA as its weights where there is one.

        Args:
            folder: where the state is kept after each epoch, and from where training goes on if
                there is one already.

        Raises:
            TrainingDiverged: the loss or the weights are not finite, or the loss is hopeless.
            OutOfMemory: the device has not enough memory.
            TrainingStopped: `should_stop` said so. Go on in a new trainer, from the last state.
            CheckpointError: an earlier run ended within an epoch, or the folder's state is damaged
                or of another training.
        """
        if self._within_epoch:
            raise CheckpointError("training", "it ended within an epoch: restore a state first")
        state = folder.read_state() if folder else None
        if state is not None:
            self.restore(state)
        events = self._epochs()
        while (event := self._next(events)) is not None:
            if folder and isinstance(event, EpochEnded) and self._group.is_main_process:
                folder.write_epoch(event, self.state())
            yield event

    @property
    def replays(self) -> int:
        """How many steps were replayed as CUDA graphs."""
        return self._loop.replayed.replays if self._loop.replayed else 0

    @property
    def graph_failure(self) -> str | None:
        """Why steps could not be recorded; None where they could, or need not."""
        return self._loop.replayed.failure if self._loop.replayed else None

    def state(self) -> TrainingState:
        """The state from which a trainer of the same network, recipe and batches can go on.

        Raises:
            CheckpointError: within an epoch; ask before the first event or after an `EpochEnded`.
        """
        if self._within_epoch:
            raise CheckpointError("training state", "expected it between epochs, got it within one")
        tensors = on_cpu("network", self.network.state_dict())
        tensors |= on_cpu("momentum", self._loop.step.momentum())
        if self._loop.ema is not None:
            tensors |= on_cpu("average", self._loop.ema.tensors)
        header = TrainingHeader(
            self.network.architecture,
            self.recipe,
            self.seed,
            self.epoch,
            len(self._training),
            self._loop.schedule.gates.parts(),
        )
        return TrainingState(header, tensors)

    @torch.no_grad()
    def restore(self, state: TrainingState) -> None:
        """Go on from a state, on the CPU bit for bit. Seed and gates are the state's.

        Raises:
            CheckpointError: the state is of another network, recipe or number of batches.
        """
        header = state.header
        for field, mine, found in (
            ("architecture", self.network.architecture, header.architecture),
            ("recipe", self.recipe, header.recipe),
            ("batches", len(self._training), header.batches),
        ):
            if mine != found:
                raise CheckpointError("training state", f"{field}: expected {mine}, got {found}")
        self._loop.schedule.gates.restore(header.gates)
        try:
            self.network.load_state_dict(state.part("network"))
            _fill(self._loop.step.momentum(), state.part("momentum"))
            if self._loop.ema is not None:
                _fill(self._loop.ema.tensors, state.part("average"))
        except (RuntimeError, KeyError) as error:
            reason = " ".join(str(error).split())[:300]
            raise CheckpointError("training state", f"the tensors do not fit: {reason}") from None
        self.seed, self.epoch, self._within_epoch = header.seed, header.epoch, False
        self._loop.forget_graph()

    def _next(self, events: Iterator[Event]) -> Event | None:
        """Work until the next event, with this training's own random numbers."""
        with self._randomness.active():
            try:
                return next(events, None)
            except (RuntimeError, MemoryError, OSError) as error:
                if not is_out_of_memory(error):
                    raise
                reason = " ".join(str(error).split())[:300]
        # Not while the error is handled: its traceback holds the memory that is to be freed.
        self._loop.free()
        raise OutOfMemory(reason)

    def _epochs(self) -> Iterator[Event]:
        meter = ProgressMeter((self.recipe.epochs - self.epoch) * len(self._training))
        while self.epoch < self.recipe.epochs:
            self._within_epoch = True
            # DropPath differs between the processes of a group, as their images do.
            self._randomness.seed(self.seed, self.epoch, *self._group.seeds)
            yield from self._loop.train_epoch(self.epoch, meter)
            ended = self._loop.validate(self.epoch, meter)
            self.epoch, self._within_epoch = ended.epoch, False
            yield ended
        if self._loop.ema is not None:
            self._loop.ema.apply()
            self._loop.refresh_batch_norms(self.recipe.epochs - 1)
        self.network.eval()


def _check_batches(training: Batches, recipe: Recipe) -> None:
    if not len(training):
        raise InvalidConfig("training", "expected at least one batch, got none")
    if training.batch_size != recipe.batch_size:
        raise InvalidConfig(
            "recipe.batch_size",
            f"expected that of the batches, {training.batch_size}, got {recipe.batch_size}",
        )


def _fill(targets: dict[str, Tensor], tensors: dict[str, Tensor]) -> None:
    for name, target in targets.items():
        target.copy_(tensors[name])
