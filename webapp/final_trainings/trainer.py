"""Training one final network: claim, train with progress, keep and measure. Worker side."""

import traceback
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch

from search_engine.checkpoint import WEIGHTS, load_checkpoint, read_description
from search_engine.errors import (
    OutOfMemory,
    SearchEngineError,
    TrainingBroken,
    TrainingStopped,
)
from search_engine.final_training import FinalResult, FinalTrainingConfig, Weights
from search_engine.final_training.launch import launch_distributed
from search_engine.final_training.train import train_final
from webapp import stopping
from webapp.checkpoints import files
from webapp.checkpoints.models import Checkpoint, Origin
from webapp.checkpoints.storing import costs_in_passing, measured
from webapp.datasets.loading import load_images
from webapp.final_trainings import folders, lifecycle
from webapp.final_trainings.events import Epoch, Reason
from webapp.final_trainings.models import FinalTraining
from webapp.final_trainings.telling import Teller, with_epoch
from webapp.searches import worker_memory
from webapp.searches.holding import Stop, renewed


def train(training_id: int, worker: str) -> None:
    """Train a final network, unless somebody else does.

    What the images, the settings or the device are to blame for fails the training with that
    reason; a bug fails it too, with its traceback, and is raised again for the log.
    """
    # A worker that is about to end would only hand it back; recovery says again that it is due.
    token = None if stopping.requested() else lifecycle.claimed(training_id, worker)
    if token is None:
        return
    training = FinalTraining.objects.select_related("search__dataset", "trial").get(pk=training_id)
    stop = Stop(lambda: lifecycle.is_given_up(training_id, token))
    config = FinalTrainingConfig.from_json(training.config)
    teller = Teller(training, token, config, stop)
    try:
        with renewed(lambda: lifecycle.lease_renewed(training_id, token)):
            result, folder = _train(training, token, config, teller, stop)
            _keep(training, token, result, folder)
    except TrainingStopped:
        _given_up(training_id, token, teller)
    except TrainingBroken:
        lifecycle.interrupted(training_id, token, Reason.BROKEN)
    except FinalTraining.DoesNotExist:
        folders.delete(training_id)  # deleted with its search meanwhile
        return
    except SearchEngineError as error:
        if isinstance(error, OutOfMemory):
            worker_memory.forget()  # what trials left there, so that trying again may help
        lifecycle.failed(training_id, token, str(error))
    except Exception as error:
        reason = f"A fault of Espalier, {type(error).__name__}: {error}"
        lifecycle.failed(training_id, token, reason, traceback.format_exc())
        raise


def _train(
    training: FinalTraining,
    token: int,
    config: FinalTrainingConfig,
    teller: Teller,
    stop: Stop,
) -> tuple[FinalResult, Path]:
    """From the last complete epoch, where an earlier attempt left its state on this machine."""
    folder = folders.attempt_folder(training.pk, token)
    grown = config.weights is Weights.GROWN
    with files.local(_trial_folder(training)) if grown else nullcontext() as start:
        common: dict[str, Any] = {
            "dataset": load_images(training.search.dataset),
            "listener": teller,
            "should_stop": stop,
            "start_checkpoint": start,
        }
        devices = all_devices()
        if len(devices) > 1:
            return launch_distributed(config, folder, devices, **common), folder
        return train_final(config, folder, device=worker_memory.device(), **common), folder


def all_devices() -> tuple[str, ...]:
    """The GPUs that this worker may use, by name; none without a GPU."""
    return tuple(f"cuda:{index}" for index in range(torch.cuda.device_count()))


def _trial_folder(training: FinalTraining) -> str:
    trial = training.trial
    found = None if trial is None else Checkpoint.objects.filter(trial=trial).first()
    if found is None:
        raise SearchEngineError("The trial's checkpoint, whose weights were to grow, is gone.")
    return found.folder


def _keep(training: FinalTraining, token: int, result: FinalResult, folder: Path) -> None:
    """Into the storage, and into the row; it counts only while the token is current."""
    description = read_description(folder)
    place = f"searches/{training.search_id}/final/{training.pk}-{token}"
    network = load_checkpoint(folder, device=worker_memory.device())
    files.put(folder, place)
    kept = Checkpoint(
        owner_id=training.search.owner_id,
        origin=Origin.FINAL,
        search=training.search,
        folder=place,
        sha256=description.weights_sha256,
        bytes=(folder / WEIGHTS).stat().st_size,
        accuracy=result.validation_accuracy,
        parameters=result.parameters,
        multiply_adds=result.multiply_adds,
        description=description.to_json(),
        **measured(network, costs_in_passing(network)),
    )
    if lifecycle.completed(training.pk, token, _columns(result), kept):
        folders.delete(training.pk)
    else:
        files.delete(place)


def _columns(result: FinalResult) -> dict[str, Any]:
    history: list[Epoch] = []
    for event in result.curve:
        history = with_epoch(history, event)
    return {
        "history": history,
        "accuracy": result.validation_accuracy,
        "test_accuracy": result.test_accuracy,
        "test_images": result.test_images,
        "confusion": [list(row) for row in result.confusion],
        "parameters": result.parameters,
        "multiply_adds": result.multiply_adds,
    }


def _given_up(training_id: int, token: int, teller: Teller) -> None:
    """Hand it back: for the pause or the cancelling that was asked for, or to go on later."""
    reason = Reason.TURN if teller.made_way else Reason.STOPPING
    lifecycle.interrupted(training_id, token, reason)
