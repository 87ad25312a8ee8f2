"""An epoch: its steps, what is told of them, and what is measured at its end."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from itertools import islice

import torch

from search_engine.data import Batch, Batches
from search_engine.errors import TrainingStopped
from search_engine.networks import Network
from search_engine.training.average import Average
from search_engine.training.course import Course
from search_engine.training.divergence import CHECK_STEPS, Watch
from search_engine.training.events import EpochEnded, StepProgress
from search_engine.training.graphs import GraphedStep
from search_engine.training.metrics import Evaluation, evaluate
from search_engine.training.norms import refresh_norms
from search_engine.training.pace import Pace
from search_engine.training.recipe import Recipe
from search_engine.training.step import TrainStep
from search_engine.training.team import ALONE, Team


class Loop:
    """What a trainer does in an epoch.

    Args:
        network: on its device, settled there.
        recipe: how it is trained.
        training: batches to learn from.
        validation: batches to measure accuracy on, or None.
        should_stop: asked before each step.
        cuda_graphs: replay steps as CUDA graphs, on a CUDA device.
        team: who trains it together.
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
        team: Team = ALONE,
    ) -> None:
        self.step = TrainStep(network, recipe, team)
        self.course = Course(network, recipe, self.step, recipe.epochs * len(training))
        self.average = Average(network, recipe.ema_decay) if recipe.ema_decay else None
        # What other processes do in a step cannot be recorded.
        graphed = cuda_graphs and team is ALONE and self.step.device.type == "cuda"
        self._graphed = GraphedStep(self.step) if graphed else None
        self._watch = Watch(network)
        self._network = network
        self._norm_batches = recipe.norm_batches
        self._training = training
        self._validation = validation
        self._should_stop = should_stop
        self._team = team

    def teach(self, epoch: int, pace: Pace) -> Iterator[StepProgress]:
        """Do the steps of an epoch.

        Args:
            epoch: epochs done.
            pace: the clock.

        Raises:
            TrainingDiverged: the loss is not finite, or hopeless.
            TrainingStopped: on request.
        """
        self._network.train()
        self.step.totals.reset()
        pace.begin_epoch()
        begin = epoch * len(self._training)
        end = begin + len(self._training)
        for step, batch in enumerate(self._training.epoch(epoch), start=begin + 1):
            stop, images = self._team.agree(self._should_stop(), len(batch[1]))
            if stop:
                raise TrainingStopped(epoch)
            self.step.weight = len(batch[1]) * self._team.size / images
            self._teach(batch, step - 1)
            pace.count(images)
            is_settled = step == end or (step - begin) % CHECK_STEPS == 0
            is_due = pace.is_due() or step == end
            if is_due or is_settled:
                # Only here does the host wait for the device. The clocks of a team's processes
                # differ: between the settled steps each has its own images only.
                loss, _ = self.step.totals.read(self._team if is_settled else ALONE)
                self._watch.check_loss(loss, epoch + 1, step, is_settled=is_settled)
            if is_due:
                speed, eta_seconds = pace.images_per_second, pace.eta_seconds
                steps = self.course.steps
                yield StepProgress(step, steps, epoch + 1, loss, speed, eta_seconds)

    def end(self, epoch: int, pace: Pace) -> EpochEnded:
        """Measure what has been learned in an epoch.

        Args:
            epoch: epochs done before it.
            pace: the clock.

        Raises:
            TrainingDiverged: weights or validation loss are not finite.
        """
        loss, accuracy = self.step.totals.read(self._team)
        speed = pace.images_per_second
        done = (epoch + 1) * len(self._training)
        # What is measured, and saved, is what the next epoch begins with.
        self._prepare(done)
        self._watch.check_weights(epoch + 1, done)
        measured = self._evaluate(epoch)
        if measured is not None:
            self._watch.check_loss(measured.loss, epoch + 1, done, is_settled=False)
        return EpochEnded(
            epoch + 1,
            loss,
            accuracy,
            measured.accuracy if measured else None,
            self.course.learning_rate(done - 1),
            speed,
            pace.epoch_seconds,
            pace.eta_seconds,
        )

    def forget_graph(self) -> None:
        """The network has changed: what was recorded of it no longer holds."""
        if self._graphed:
            self._graphed.forget()

    def free(self) -> None:
        """Give back the memory that only training needs."""
        self.step.optimiser.zero_grad(set_to_none=True)
        self.forget_graph()
        if self.step.device.type == "cuda":
            torch.cuda.empty_cache()

    def _prepare(self, done: int) -> None:
        if self.course.prepare(done):
            self.forget_graph()

    def _teach(self, batch: Batch, done: int) -> None:
        """Do one step, after so many."""
        self._prepare(done)
        (self._graphed or self.step)(*batch)
        self.step.totals.images += len(batch[1])
        if self.average is not None:
            self.average.update(done)

    def refresh_norms(self, epoch: int) -> None:
        """Measure the statistics of batch norms anew, on the first batches of an epoch."""
        if self._norm_batches:
            batches = islice(self._training.epoch(epoch), self._norm_batches)
            images = (images for images, _ in batches)
            refresh_norms(self._network, images, autocast=self.step.autocast)

    def _evaluate(self, epoch: int) -> Evaluation | None:
        if self._validation is None:
            return None
        with self.average.applied() if self.average else nullcontext():
            self.refresh_norms(epoch)
            if not self._team.leads:
                return None
            return evaluate(self._network, self._validation, autocast=self.step.autocast)
