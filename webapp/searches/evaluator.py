"""Evaluating one trial: claim, train with progress, hand in the outcome. Worker side."""

import traceback
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ObjectDoesNotExist

from search_engine.early_stopping import StoppingRule
from search_engine.errors import TrainingStopped
from search_engine.evaluation import Evaluated
from search_engine.search import Trial as EngineTrial
from search_engine.training import EpochEnded, Event
from search_engine.training.metrics import evaluate
from webapp import stopping
from webapp.checkpoints import files
from webapp.checkpoints.storing import store
from webapp.searches import coordinator, lifecycle, retention, worker_memory
from webapp.searches.events import TrialProgress
from webapp.searches.holding import Stop, Throttle, renewed
from webapp.searches.models import Search, Trial
from webapp.searches.worker_memory import Warm


class Progress:
    """Hears a training's events and writes them, throttled, under the trial's token.

    Args:
        trial: its row.
        token: of this worker.
        stop: told when the token is no longer current.
        epochs: of the whole training.
    """

    def __init__(self, trial: Trial, token: int, stop: Stop, epochs: int) -> None:
        self._trial, self._token, self._stop = trial, token, stop
        self._throttle = Throttle()
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
        now = self._now
        now["epoch"], now["loss"] = event.epoch, event.loss
        now["images_per_second"] = event.images_per_second
        now["eta_seconds"] = event.eta_seconds
        if not isinstance(event, EpochEnded):
            now["step"], now["steps"] = event.step, event.steps
        elif event.validation_accuracy is not None:
            now["curve"] = [*now["curve"], event.validation_accuracy]
        if self._throttle.passes():
            written = lifecycle.trial_progressed(self._trial.pk, self._token, now)
            self._stop.token_is_old = not written


def evaluate_trial(trial_id: int, worker: str) -> None:
    """Evaluate a trial, unless somebody else does, and advance its search.

    A bug fails the trial with its traceback kept, and is raised again for the log.
    """
    token = lifecycle.trial_claimed(trial_id, worker)
    if token is None:
        return
    trial = Trial.objects.select_related("search__dataset").get(pk=trial_id)
    stop = Stop(lambda: lifecycle.is_cancel_requested(trial.search_id))
    try:
        with renewed(lambda: lifecycle.trial_lease_renewed(trial_id, token)):
            outcome = _evaluate(trial, token, stop)
            _hand_in(trial, token, outcome)
    except TrainingStopped:
        _given_up(trial, token)
    except ObjectDoesNotExist:
        return  # the search was cancelled and deleted meanwhile
    except Exception as error:
        reason = f"A fault of Espalier, {type(error).__name__}: {error}"
        outcome = {"failure": reason, "traceback": traceback.format_exc()}
        lifecycle.trial_evaluated(trial_id, token, outcome)
        coordinator.advance(trial.search_id)
        raise
    coordinator.advance(trial.search_id)


def _evaluate(trial: Trial, token: int, stop: Stop) -> dict[str, Any]:
    warm = worker_memory.warm(trial.search)
    asked = coordinator.engine_trial(trial, warm.config)
    evaluated = warm.evaluator.evaluate(
        asked,
        listener=Progress(trial, token, stop, warm.config.recipe.epochs),
        stops_early=lambda curve: _stops_early(trial, warm, curve),
        should_stop=stop,
    )
    result = evaluated.result
    if (result.failure or "").startswith("out of memory"):
        worker_memory.forget()
    outcome: dict[str, Any] = {"result": result.to_json()}
    if evaluated.network is not None:
        outcome["confusion"] = evaluate(
            evaluated.network, warm.data.validation()
        ).confusion.tolist()
        outcome["checkpoint"] = _stored(trial, token, warm, asked, evaluated)
    return outcome


def _stored(
    trial: Trial, token: int, warm: Warm, asked: EngineTrial, evaluated: Evaluated
) -> Mapping[str, Any] | None:
    """Put the network's files into the storage, if it is among the best so far."""
    result, network = evaluated.result, evaluated.network
    search = Search.objects.get(pk=trial.search_id)
    assert network is not None
    assert result.accuracy is not None
    assert search.validation_images is not None
    reward = warm.config.objective.reward(result.accuracy, search.validation_images, result.costs)
    trial.refresh_from_db(fields=["pinned"])
    if not retention.is_worth_keeping(search, trial, reward):
        return None
    return store(
        network,
        files.trial_folder(search.pk, trial.number, token),
        accuracy=result.accuracy,
        trained_on=warm.data.trained_on,
        lineage=asked.lineage(warm.config) if warm.config.inherit else None,
        costs=result.costs,
    )


def _stops_early(trial: Trial, warm: Warm, curve: tuple[float, ...]) -> bool:
    rule = warm.config.early_stopping
    if rule.rule is StoppingRule.NONE:
        return False
    others = trial.search.trials.filter(told__isnull=False).exclude(pk=trial.pk)
    return rule.stops(curve, list(others.values_list("curve", flat=True)))


def _hand_in(trial: Trial, token: int, outcome: dict[str, Any]) -> None:
    """The result counts only while the token is current; else its files go, too."""
    if not lifecycle.trial_evaluated(trial.pk, token, outcome) and outcome.get("checkpoint"):
        files.delete(outcome["checkpoint"]["folder"])


def _given_up(trial: Trial, token: int) -> None:
    if lifecycle.is_cancel_requested(trial.search_id):
        lifecycle.trial_cancelled(trial.pk, token)
    elif stopping.requested():
        lifecycle.trial_interrupted(trial.pk, token, lost=False)
