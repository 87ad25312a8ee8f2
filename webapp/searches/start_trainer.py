"""Training a search's start network, resumable at any epoch. Worker side."""

import shutil
from pathlib import Path

from django.conf import settings

from search_engine.checkpoint import load_checkpoint
from search_engine.config import SearchConfig
from search_engine.errors import CheckpointError, SearchEngineError, TrainingStopped
from search_engine.evaluation import start_architecture, train_start_network
from search_engine.networks import Network
from search_engine.search import Search as EngineSearch
from search_engine.search_data import SearchData
from search_engine.training import EpochEnded, Event
from search_engine.training.metrics import evaluate
from webapp.searches import files, lifecycle, worker_memory
from webapp.searches.holding import Stop, renewed
from webapp.searches.models import Checkpoint, Search
from webapp.searches.storing import store


def train(search_id: int, worker: str) -> None:
    """Train the start network of a search, unless somebody else does.

    What the images or the settings are to blame for fails the search with that reason; a bug fails
    it too, and is raised again.
    """
    token = lifecycle.start_claimed(search_id, worker)
    if token is None:
        lifecycle.search_settled(search_id)
        return
    stop = Stop(lambda: lifecycle.is_cancel_requested(search_id))
    try:
        with renewed(lambda: lifecycle.start_lease_renewed(search_id, token)):
            _train(Search.objects.select_related("dataset").get(pk=search_id), token, stop)
    except TrainingStopped:
        lifecycle.start_interrupted(search_id, token, lost=False)
    except SearchEngineError as error:
        lifecycle.start_failed(search_id, token, str(error))
    except Exception as error:
        reason = f"{type(error).__name__} while the start network was trained: {error}"
        lifecycle.start_failed(search_id, token, reason)
        raise
    lifecycle.search_settled(search_id)


def _train(search: Search, token: int, stop: Stop) -> None:
    config = SearchConfig.from_json(search.config)
    data = worker_memory.load_data(search, config)
    # Before the training, which is long: the strategy's settings are refused here.
    EngineSearch(config, classes=data.classes, validation_images=len(data.splits.validation))

    def listen(event: Event) -> None:
        if isinstance(event, EpochEnded):
            stop.token_is_old = not _tell(search, token, config, event)

    if search.start_checkpoint is not None:
        _keep(search, token, data, *_given(search.start_checkpoint, config, data))
        return
    folder = training_folder(search.pk)
    network, accuracy = train_start_network(
        config,
        data,
        folder=folder,
        device=worker_memory.device(),
        listener=listen,
        should_stop=stop,
    )
    _keep(search, token, data, network, accuracy)
    shutil.rmtree(folder, ignore_errors=True)


def training_folder(search_id: int) -> Path:
    """On this machine: on another one, the training begins anew."""
    return Path(settings.VAR) / "training" / str(search_id)


def _given(checkpoint: Checkpoint, config: SearchConfig, data: SearchData) -> tuple[Network, float]:
    """A start network that was trained before, measured on this search's images."""
    with files.local(checkpoint.folder) as folder:
        network = load_checkpoint(folder, device=worker_memory.device())
    if network.architecture != start_architecture(config, data):
        raise CheckpointError("start network", "it is not the one that the settings describe")
    return network, evaluate(network, data.validation()).accuracy


def _tell(search: Search, token: int, config: SearchConfig, event: EpochEnded) -> bool:
    return lifecycle.start_progressed(
        search.pk,
        token,
        {
            "epoch": event.epoch,
            "epochs": config.start_recipe.epochs,
            "accuracy": event.validation_accuracy,
            "images_per_second": event.images_per_second,
            "eta_seconds": event.eta_seconds,
        },
    )


def _keep(search: Search, token: int, data: SearchData, network: Network, accuracy: float) -> None:
    folder = files.start_folder(search.pk)
    checkpoint = store(network, folder, accuracy=accuracy, trained_on=data.trained_on)
    cost = network.architecture.cost
    lifecycle.start_completed(
        search.pk,
        token,
        {
            "accuracy": accuracy,
            "parameters": cost.parameters,
            "multiply_adds": cost.multiply_adds,
        },
        classes=data.classes,
        validation_images=len(data.splits.validation),
        checkpoint=Checkpoint(search=search, **checkpoint),
    )
