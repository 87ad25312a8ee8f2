"""Hears what a training tells, and writes it down for who watches. Worker side."""

from collections.abc import Sequence
from typing import Any

from search_engine.final_training import FinalTrainingConfig
from search_engine.training import EpochEnded, Event
from search_engine.training.schedule import learning_rate
from webapp.final_trainings import lifecycle
from webapp.final_trainings.events import Epoch, Progress
from webapp.final_trainings.models import FinalTraining
from webapp.final_trainings.turns import Turn
from webapp.searches.holding import Stop, Throttle

NOTHING: Epoch = {"accuracy": None, "training_accuracy": None, "loss": None, "learning_rate": None}
EVENT_SECONDS = 1.0


class Teller:
    """Hears a training's events and writes them, throttled, under the training's token.

    Args:
        training: its row.
        token: of this worker.
        config: of the training.
        stop: told when the token is no longer current, and when the turn is over.
    """

    def __init__(
        self, training: FinalTraining, token: int, config: FinalTrainingConfig, stop: Stop
    ) -> None:
        self._pk, self._token, self._config, self._stop = training.pk, token, config, stop
        self._history: list[Epoch] = list(training.history)
        self._told = len(self._history)
        self._throttle, self._turn = Throttle(EVENT_SECONDS), Turn(training.pk)
        self.made_way = False

    def __call__(self, event: Event) -> None:
        """Take an event of the training."""
        ended = isinstance(event, EpochEnded)
        if isinstance(event, EpochEnded):
            self._history = with_epoch(self._history, event)
            self._told = min(self._told, event.epoch - 1)
        announce = self._throttle.passes() or self._is_last(event)
        if not announce and not ended:
            return
        # A complete epoch is progress: only workers lost one after the other end a training.
        columns: dict[str, Any] = {"history": self._history, "losses": 0} if ended else {}
        told = lifecycle.progressed(
            self._pk, self._token, self._progress(event), columns, announce=announce
        )
        if announce:
            self._told = len(self._history)
        self._stop.token_is_old = not told
        if ended and not self._is_last(event) and self._turn.is_over():
            self.made_way = self._stop.given_up = True

    def _is_last(self, event: Event) -> bool:
        return isinstance(event, EpochEnded) and event.epoch == self._config.recipe.epochs

    def _progress(self, event: Event) -> Progress:
        recipe = self._config.recipe
        rate: float | None
        if isinstance(event, EpochEnded):
            step = steps = 0
            rate = event.learning_rate
        else:
            step, steps = event.step, event.steps
            rate = learning_rate(recipe, event.step / event.steps) if event.steps else None
        return {
            "id": self._pk,
            "epoch": event.epoch,
            "epochs": recipe.epochs,
            "step": step,
            "steps": steps,
            "loss": event.loss,
            "learning_rate": rate,
            "images_per_second": event.images_per_second,
            "eta_seconds": event.eta_seconds,
            "history_from": self._told,
            "history": self._history[self._told :],
        }


def with_epoch(history: Sequence[Epoch], event: EpochEnded) -> list[Epoch]:
    """The history with this epoch as its last; epochs that nobody told of are empty."""
    before = list(history[: event.epoch - 1])
    gap = [NOTHING] * (event.epoch - 1 - len(before))
    now: Epoch = {
        "accuracy": event.validation_accuracy,
        "training_accuracy": event.training_accuracy,
        "loss": event.loss,
        "learning_rate": event.learning_rate,
    }
    return [*before, *gap, now]
