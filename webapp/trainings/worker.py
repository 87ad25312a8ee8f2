"""Training a network to the end: with progress, resumable at any epoch, kept. Worker side."""

import math
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import torch

from search_engine.checkpoint import WEIGHTS, load_checkpoint, read_description
from search_engine.data import SplitDataset
from search_engine.networks import Network
from search_engine.search.evaluation import start_architecture, train_start_network
from search_engine.search.search import Search as EngineSearch
from search_engine.spec.errors import CheckpointError
from search_engine.spec.final_result import FinalResult
from search_engine.spec.final_training import FinalTrainingConfig, Weights
from search_engine.spec.presets import packed_start
from search_engine.spec.recipe import Recipe
from search_engine.spec.search_config import SearchConfig
from search_engine.spec.start_training import StartResult
from search_engine.spec.training_events import EpochEnded, Event
from search_engine.training.final_training import Listener, train_final
from search_engine.training.folds import trained_in_folds
from search_engine.training.launch import launch_distributed
from search_engine.training.metrics import evaluate
from webapp.checkpoints import files
from webapp.checkpoints.child import costs_in_passing, measured, store
from webapp.checkpoints.models import Checkpoint, Origin
from webapp.checkpoints.selectors import brought_in
from webapp.counts import counting
from webapp.counts.instruments import EPOCHS
from webapp.datasets.worker import load_images
from webapp.searches.worker import memory as worker_memory
from webapp.storage.folders import delete as delete_stored
from webapp.trainings import folders
from webapp.trainings.json import Epoch
from webapp.trainings.models import Training
from webapp.work.patience import if_there
from webapp.work.runner import Hold, WorkRefused

ANNOUNCE_SECONDS = 1.0


NOTHING: Epoch = {"accuracy": None, "training_accuracy": None, "loss": None, "learning_rate": None}


def train(training: Training, hold: Hold[Training]) -> None:
    """Train a network from the last complete epoch that an earlier attempt left here."""
    folder = folders.attempt_folder(training.pk, hold.token)
    body = _train_start if training.is_start else _train_final
    completed = False
    copied = folders.Copied(training.pk, hold.token)
    try:
        completed = body(training, hold, folder, copied)
    finally:
        is_there = if_there(Training.objects.filter(pk=training.pk).exists, otherwise=True)
        if completed or not is_there:
            folders.delete(training.pk)
        else:
            copied.now()


class Progress:
    """Hears a training's events and writes them down for who watches.

    Args:
        recipe: of the whole training, or of each of its rounds or folds.
        folds: that there will be; how many rounds, nobody knows before.
    """

    def __init__(
        self,
        training: Training,
        hold: Hold[Training],
        recipe: Recipe,
        copied: folders.Copied,
        folds: int = 1,
    ) -> None:
        self._hold, self._recipe, self._copied, self._folds = hold, recipe, copied, folds
        self.history: list[Epoch] = list(training.history)
        self._told = len(self.history)
        self._announced = float("-inf")

    def __call__(self, event: Event) -> None:
        """Take an event of the training."""
        ended = isinstance(event, EpochEnded)
        if isinstance(event, EpochEnded):
            counting.add(EPOCHS, self._hold.kind.name)
            self.history = with_epoch(self.history, event)
            self._told = min(self._told, event.epoch - 1)
        is_last = ended and event.epoch % self._recipe.epochs == 0
        announce = is_last or time.monotonic() - self._announced >= ANNOUNCE_SECONDS
        if not announce and not ended:
            return
        # A complete epoch is progress: only workers lost one after the other end a training.
        now = self._progress(event)
        columns: dict[str, Any] = {}
        if ended:
            columns = {"history": self.history, "epochs": now["epochs"]}
            columns |= {"workers_lost": 0, "delays": 0}
        self._hold.tell(now, self._announcement(now) if announce else {}, force=True, **columns)
        if announce:
            self._told, self._announced = len(self.history), time.monotonic()
        if ended:
            self._copied.after_epoch()
        if ended and not is_last:
            self._hold.make_way()

    def _progress(self, event: Event) -> dict[str, Any]:
        steps = 0 if isinstance(event, EpochEnded) else event.steps
        step = 0 if isinstance(event, EpochEnded) else event.step
        rounds = max(self._folds, math.ceil(event.epoch / self._recipe.epochs))
        return {
            "epoch": event.epoch,
            "epochs": rounds * self._recipe.epochs,
            "step": step,
            "steps": steps,
            "loss": event.loss,
            "accuracy": self.history[-1]["accuracy"] if self.history else None,
            "learning_rate": event.learning_rate,
            "images_per_second": event.images_per_second,
            "eta_seconds": event.eta_seconds,
        }

    def _announcement(self, now: Mapping[str, Any]) -> dict[str, Any]:
        """The progress with its new epochs, not all of a long training each time."""
        return {**now, "history_from": self._told, "history": self.history[self._told :]}


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


def _train_start(
    training: Training, hold: Hold[Training], folder: Path, copied: folders.Copied
) -> bool:
    """The network that a search's trials grow from."""
    search = training.search
    config = SearchConfig.from_json(search.config)
    data = worker_memory.load_data(search, config)
    # Before the training, which is long: the strategy's settings are refused here.
    images = {"classes": data.classes, "validation_images": len(data.splits.validation)}
    EngineSearch(config, **images)
    network, result = _start_network(training, hold, folder, copied, config, data)
    stored = store(
        network,
        _place(training, hold),
        accuracy=result.accuracy,
        trained_on=data.trained_on,
        costs=costs_in_passing(network),
    )
    kept = Checkpoint(owner_id=search.owner_id, origin=Origin.START, search=search, **stored)

    def then(row: Training) -> None:
        _keep(kept, row)
        for name, count in images.items():
            setattr(row.search, name, count)
        row.search.save(update_fields=list(images))

    return _completed(hold, kept, then, **result.to_json())


def _start_network(
    training: Training,
    hold: Hold[Training],
    folder: Path,
    copied: folders.Copied,
    config: SearchConfig,
    data: SplitDataset,
) -> tuple[Network, StartResult]:
    """The start network: trained here, chosen by the user, or packed with the preset; and what it
    has come to.
    """
    given = training.search.start_checkpoint
    packed = packed_start(training.search.preset, config) if given is None else None
    if packed is not None:
        network = load_checkpoint(packed, device=worker_memory.device())
        return network, StartResult.measured(evaluate(network, data.validation()))
    initial = None if given is None else _given(given, config, data)
    if given is not None and initial is not None and _was_trained_on(given, data):
        return initial, StartResult.measured(evaluate(initial, data.validation()))
    return train_start_network(
        config,
        data,
        folder=folder,
        device=worker_memory.device(),
        listener=Progress(training, hold, config.start_recipe, copied),
        should_stop=hold.should_stop,
        initial=initial,
    )


def _given(checkpoint: Checkpoint, config: SearchConfig, data: SplitDataset) -> Network:
    """The network that the user chose to start from."""
    network = worker_memory.load_kept(checkpoint)
    if network.architecture != start_architecture(config, data):
        raise CheckpointError("start network", "it is not the one that the settings describe")
    return network


def _was_trained_on(checkpoint: Checkpoint, data: SplitDataset) -> bool:
    """Whether it was trained on these images; otherwise it is trained on them first."""
    trained_on = checkpoint.trained_on
    classes = list(data.trained_on.class_names)
    same = trained_on.get("name") == data.trained_on.name
    return same and trained_on.get("class_names") == classes


def _train_final(
    training: Training, hold: Hold[Training], folder: Path, copied: folders.Copied
) -> bool:
    """A network of any size, measured once on the test images."""
    config = FinalTrainingConfig.from_json(training.config)
    begun = _begun_with(training, config.weights)
    with nullcontext() if begun is None else files.local(begun) as start:
        common: dict[str, Any] = {
            "dataset": load_images(training.search.dataset),
            "should_stop": hold.should_stop,
            "start_checkpoint": start,
        }
        devices = all_devices()

        def one(config: FinalTrainingConfig, folder: Path, listener: Listener) -> FinalResult:
            common["listener"] = listener
            if len(devices) > 1:
                worker_memory.forget()  # other processes need what this one keeps
                return launch_distributed(config, folder, devices, if_faster=True, **common)
            return train_final(config, folder, device=worker_memory.device(), **common)

        progress = Progress(training, hold, config.recipe, copied, config.data.folds)
        result = trained_in_folds(config, folder, one, progress)
    kept = _stored(training, result, folder, _place(training, hold))
    return _completed(hold, kept, partial(_keep, kept), **_columns(result))


def all_devices() -> tuple[str, ...]:
    """The GPUs that this worker may use, by name; none without a GPU."""
    return tuple(f"cuda:{index}" for index in range(torch.cuda.device_count()))


def _begun_with(training: Training, weights: Weights) -> str | None:
    """The folder of the checkpoint whose weights it starts from; None for fresh ones."""
    match weights:
        case Weights.SCRATCH:
            return None
        case Weights.GROWN:
            trial = training.trial
            found = None if trial is None else Checkpoint.objects.filter(trial=trial).first()
            what = "The trial's checkpoint"
        case Weights.ADOPTED:
            found = brought_in(training.search.start_checkpoint)
            what = "The checkpoint of the network that was brought in"
    if found is None:
        raise WorkRefused(f"{what}, whose weights were to grow, is gone.")
    return found.folder


def _stored(training: Training, result: FinalResult, folder: Path, place: str) -> Checkpoint:
    """The network's files in the storage, and what its row has to hold."""
    description = read_description(folder)
    network = load_checkpoint(folder, device=worker_memory.device())
    files.put(folder, place)
    return Checkpoint(
        owner_id=training.search.owner_id,
        origin=Origin.FINAL,
        search=training.search,
        name=training.name,
        folder=place,
        sha256=description.weights_sha256,
        bytes=(folder / WEIGHTS).stat().st_size,
        accuracy=result.validation_accuracy,
        parameters=result.parameters,
        multiply_adds=result.multiply_adds,
        description=description.to_json(),
        **measured(network, costs_in_passing(network)),
    )


def _place(training: Training, hold: Hold[Training]) -> str:
    """The folder of one attempt: two workers that hold it by mistake never share a file."""
    return f"searches/{training.search_id}/{training.purpose}/{training.pk}-{hold.token}"


def _completed(hold: Hold[Training], kept: Checkpoint, then: Any, **found: Any) -> bool:
    """It counts only while the token is current; else the files go, too."""
    completed = hold.complete(then=then, **found)
    if not completed:
        delete_stored(kept.folder)
    return completed


def _keep(kept: Checkpoint, row: Training) -> None:
    if not row.is_start:
        kept.name = row.name  # it may have been renamed since
    kept.save()
    row.checkpoint = kept
    row.save(update_fields=["checkpoint"])


def _columns(result: FinalResult) -> dict[str, Any]:
    history: list[Epoch] = []
    for event in result.curve:
        history = with_epoch(history, event)
    return {
        "history": history,
        "accuracy": result.validation_accuracy,
        "test_accuracy": result.test_accuracy,
        "test_images": result.test_images,
        "fold_accuracies": list(result.fold_accuracies),
        "confusion": [list(row) for row in result.confusion],
        "parameters": result.parameters,
        "multiply_adds": result.multiply_adds,
    }
