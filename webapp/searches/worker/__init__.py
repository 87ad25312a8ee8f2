"""Evaluating one trial: train with progress, hand in the outcome. Worker side."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from search_engine.search.evaluation import Evaluated
from search_engine.search.trials import Trial as EngineTrial
from search_engine.search.trials import reward_of
from search_engine.spec.errors import OutOfMemory
from search_engine.spec.training_events import EpochEnded, Event
from search_engine.spec.trial import Role
from search_engine.training.metrics import evaluate as measure
from webapp.checkpoints import files
from webapp.checkpoints.child import store
from webapp.counts import counting
from webapp.counts.instruments import EPOCHS
from webapp.searches import coordinator, retention
from webapp.searches.events import TrialProgress
from webapp.searches.models import Trial
from webapp.searches.worker import memory as worker_memory
from webapp.searches.worker.memory import Warm
from webapp.storage import folders
from webapp.work.patience import patiently
from webapp.work.runner import Hold


def evaluate(trial: Trial, hold: Hold[Trial]) -> None:
    """Evaluate a trial, and advance its search."""
    outcome = _evaluate(trial, hold)
    # The result counts only while the token is current; else its files go, too.
    if not hold.complete(outcome=outcome) and outcome.get("checkpoint"):
        folders.delete(outcome["checkpoint"]["folder"])
    patiently(lambda: coordinator.advance(trial.search_id))


class Progress:
    """Hears a training's events and writes them down for who watches."""

    def __init__(self, trial: Trial, hold: Hold[Trial], epochs: int) -> None:
        self._hold = hold
        self._now: TrialProgress = {
            "number": trial.number,
            "epoch": 0,
            "epochs": epochs,
            "step": 0,
            "steps": 0,
            "loss": 0.0,
            "curve": [],
            "images_per_second": 0.0,
            "eta_seconds": 0.0,
        }

    def __call__(self, event: Event) -> None:
        """Take an event of the training."""
        if isinstance(event, EpochEnded):
            counting.add(EPOCHS, self._hold.kind.name)
        now = self._now
        now["epoch"], now["loss"] = event.epoch, event.loss
        now["images_per_second"] = event.images_per_second
        now["eta_seconds"] = event.eta_seconds
        if not isinstance(event, EpochEnded):
            now["step"], now["steps"] = event.step, event.steps
        elif event.validation_accuracy is not None:
            now["curve"] = [*now["curve"][: event.epoch - 1], event.validation_accuracy]
        self._hold.tell(now)


def _evaluate(trial: Trial, hold: Hold[Trial]) -> dict[str, Any]:
    warm = worker_memory.warm(trial.search)
    asked = coordinator.engine_trial(trial, warm.config)
    evaluated = warm.evaluator.evaluate(
        asked,
        listener=Progress(trial, hold, warm.config.recipe.epochs),
        stops_early=lambda curve: (
            trial.is_child and warm.config.early_stopping.stops(curve, _other_curves(trial))
        ),
        should_stop=hold.should_stop,
    )
    result = evaluated.result
    if isinstance(evaluated.fault, OutOfMemory) and trial.delay_code != "memory":
        raise evaluated.fault  # once more: others may have had the memory
    outcome: dict[str, Any] = {"result": result.to_json()}
    if evaluated.network is not None:
        outcome["confusion"] = measure(evaluated.network, warm.data.validation()).confusion.tolist()
        outcome["checkpoint"] = _stored(trial, hold.token, warm, asked, evaluated)
    return outcome


def _stored(
    trial: Trial, token: int, warm: Warm, asked: EngineTrial, evaluated: Evaluated
) -> Mapping[str, Any] | None:
    """Put the network's files into the storage, if it is among the best so far."""
    result, network = evaluated.result, evaluated.network
    assert network is not None
    assert result.accuracy is not None
    reward = reward_of(
        result,
        warm.config,
        classes=warm.data.classes,
        validation_images=len(warm.data.splits.validation),
    )
    trial.refresh_from_db(fields=["pinned"])
    if not retention.is_worth_keeping(warm.config, trial, reward):
        return None
    return store(
        network,
        files.trial_folder(trial.search_id, trial.number, token),
        accuracy=result.accuracy,
        trained_on=warm.data.trained_on,
        lineage=asked.lineage(warm.config) if warm.config.inherit else None,
        costs=result.costs,
    )


def _other_curves(trial: Trial) -> Iterable[Sequence[float]]:
    """Read from the database only when it is iterated."""
    others = trial.search.trials.filter(told__isnull=False, role=Role.CHILD).exclude(pk=trial.pk)
    yield from patiently(lambda: list(others.values_list("result__curve", flat=True)))
