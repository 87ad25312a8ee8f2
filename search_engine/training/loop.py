"""The training loop of one epoch: its steps, their progress, and the validation at its end."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import partial
from itertools import islice

import torch
from torch import Tensor

from search_engine.data import Batches
from search_engine.networks import Network
from search_engine.recording import Replayed
from search_engine.spec.errors import TrainingStopped
from search_engine.spec.recipe import ClassWeights, Recipe
from search_engine.spec.training_events import EpochEnded, StepProgress
from search_engine.training.batch_norm import refresh_batch_norms, without_counters
from search_engine.training.ema import Ema
from search_engine.training.metrics import Evaluation, evaluate
from search_engine.training.monitoring import CHECK_STEPS, DivergenceGuard, ProgressMeter
from search_engine.training.process_group import SINGLE_PROCESS, ProcessGroup
from search_engine.training.schedule import StepSchedule
from search_engine.training.step import TrainStep, balanced_weights


class Loop:
    """The epochs of a `Trainer`, which explains the arguments.

    Args:
        network: on its device, laid out there by `settle`.
    """

    def __init__(
        self,
        network: Network,
        recipe: Recipe,
        training: Batches,
        validation: Batches | None,
        *,
        should_stop: Callable[[], bool],
        cuda_graphs: bool,
        group: ProcessGroup = SINGLE_PROCESS,
        teacher: Network | None = None,
    ) -> None:
        weights: Tensor | None = None
        if recipe.class_weights is ClassWeights.BALANCED:
            classes = network.architecture.skeleton.classes
            weights = balanced_weights(training.class_counts(classes))
        self.step = TrainStep(network, recipe, group, teacher=teacher, class_weights=weights)
        self.schedule = StepSchedule(network, recipe, self.step, recipe.epochs * len(training))
        self.ema = Ema(network, recipe.ema_decay) if recipe.ema_decay else None
        self.replayed: Replayed | None = None
        self._forward: Replayed | None = None
        if cuda_graphs and self.step.device.type == "cuda":
            self._forward = Replayed(network, self.step.device)
            # A CUDA graph cannot record what other processes do in a step.
            if group is SINGLE_PROCESS:
                drop = partial(self.step.optimiser.zero_grad, set_to_none=True)
                call = self._learn if training.waits_for_nothing else self.step
                self.replayed = Replayed(call, self.step.device, prepare=drop)
        self._guard = DivergenceGuard(network)
        self._network = network
        self._norm_batches = recipe.norm_batches
        self._training = training
        self._validation = validation
        self._should_stop = should_stop
        self._group = group

    def train_epoch(self, epoch: int, meter: ProgressMeter) -> Iterator[StepProgress]:
        """Do the steps of one epoch.

        Args:
            epoch: number of epochs done before it.

        Raises:
            TrainingDiverged: the loss is not finite, or hopeless.
            TrainingStopped: on request.
        """
        self._network.train()
        self.step.metrics.reset()
        meter.begin_epoch()
        with without_counters(self._network):
            yield from self._steps(epoch, meter)

    def _steps(self, epoch: int, meter: ProgressMeter) -> Iterator[StepProgress]:
        begin = epoch * len(self._training)
        end = begin + len(self._training)
        for step, drawn in enumerate(self._training.drawn(epoch), start=begin + 1):
            share = len(drawn[0])
            stop, images = self._group.agree(self._should_stop(), share)
            if stop:
                raise TrainingStopped(epoch)
            self.step.weight = share * self._group.size / images
            self._train_step(drawn, step - 1)
            meter.count(images)
            is_settled = step == end or (step - begin) % CHECK_STEPS == 0
            is_due = meter.is_due() or step == end
            if is_due or is_settled:
                # Only here does the host wait for the device. The clocks of a group's processes
                # differ, so between the settled steps each reads the metrics of its own images.
                loss, _ = self.step.metrics.read(self._group if is_settled else SINGLE_PROCESS)
                self._guard.check_loss(loss, epoch + 1, step, is_settled=is_settled)
            if is_due:
                speed, eta_seconds = meter.images_per_second, meter.eta_seconds
                yield StepProgress(
                    step,
                    self.schedule.steps,
                    epoch + 1,
                    loss,
                    speed,
                    eta_seconds,
                    self.schedule.learning_rate(step),
                )

    def validate(self, epoch: int, meter: ProgressMeter) -> EpochEnded:
        """Measure the network at the end of an epoch.

        Args:
            epoch: number of epochs done before it.

        Raises:
            TrainingDiverged: weights or validation loss are not finite.
        """
        loss, accuracy = self.step.metrics.read(self._group)
        speed = meter.images_per_second
        done = (epoch + 1) * len(self._training)
        # What is measured, and saved, is what the next epoch begins with.
        self._prepare(done)
        self._guard.check_weights(epoch + 1, done)
        measured = self._evaluate(epoch)
        if measured is not None:
            self._guard.check_loss(measured.loss, epoch + 1, done, is_settled=False)
        return EpochEnded(
            epoch + 1,
            loss,
            accuracy,
            measured.accuracy if measured else None,
            self.schedule.learning_rate(done - 1),
            speed,
            meter.epoch_seconds,
            meter.eta_seconds,
            measured.balanced_accuracy if measured else None,
        )

    def forget_graph(self) -> None:
        """Drop recorded CUDA graphs, because the network has changed."""
        self.step.forget()
        for recorded in filter(None, (self.replayed, self._forward)):
            recorded.forget()

    def free(self) -> None:
        """Give back the memory that only training needs."""
        self.step.optimiser.zero_grad(set_to_none=True)
        self.forget_graph()
        if self.step.device.type == "cuda":
            torch.cuda.empty_cache()

    def refresh_batch_norms(self, epoch: int) -> None:
        """Measure the batch norms' statistics anew, on the first batches of an epoch."""
        if self._norm_batches:
            batches = islice(self._training.epoch(epoch), self._norm_batches)
            images = (images for images, _ in batches)
            refresh_batch_norms(self._network, images)

    def _prepare(self, done: int) -> None:
        if self.schedule.prepare(done):
            self.forget_graph()

    def _train_step(self, drawn: tuple[Tensor, Tensor], done: int) -> None:
        """Do the step that follows `done` steps."""
        self._prepare(done)
        if not self._training.waits_for_nothing:
            (self.replayed or self.step)(*self._training.made(*drawn))
        else:
            (self.replayed or self._learn)(*drawn)
        self.step.metrics.images += len(drawn[0])
        if self.ema is not None:
            self.ema.update(done)

    def _learn(self, indexes: Tensor, changes: Tensor) -> None:
        """Make a batch and learn from it; on a GPU both are recorded."""
        self.step(*self._training.made(indexes, changes))

    def _evaluate(self, epoch: int) -> Evaluation | None:
        if self._validation is None:
            return None
        with self.ema.applied() if self.ema else nullcontext():
            self.refresh_batch_norms(epoch)
            if not self._group.is_main_process:
                return None
            return evaluate(self._network, self._validation, self._forward)
