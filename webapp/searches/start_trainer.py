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
from webapp.checkpoints import files
from webapp.checkpoints.models import Checkpoint, Origin
from webapp.checkpoints.storing import costs_in_passing, store
from webapp.searches import lifecycle, worker_memory
from webapp.searches.holding import Stop, renewed
from webapp.searches.models import Search


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

    given = search.start_checkpoint
    initial = None if given is None else _given(given, config, data)
    if given is not None and initial is not None and _was_trained_on(given, data):
        _keep(search, token, data, initial, evaluate(initial, data.validation()).accuracy)
        return
    folder = training_folder(search.pk)
    network, accuracy = train_start_network(
        config,
        data,
        folder=folder,
        device=worker_memory.device(),
        listener=listen,
        should_stop=stop,
        initial=initial,
    )
    _keep(search, token, data, network, accuracy)
    shutil.rmtree(folder, ignore_errors=True)


def training_folder(search_id: int) -> Path:
    """On this machine: on another one, the training begins anew."""
    return Path(settings.VAR) / "training" / str(search_id)


def _given(checkpoint: Checkpoint, config: SearchConfig, data: SearchData) -> Network:
    """The network that the user chose to start from."""
    with files.local(checkpoint.folder) as folder:
        network = load_checkpoint(folder, device=worker_memory.device())
    if network.architecture != start_architecture(config, data):
        raise CheckpointError("start network", "it is not the one that the settings describe")
    return network


def _was_trained_on(checkpoint: Checkpoint, data: SearchData) -> bool:
    """Whether it is good as it is; a network that knows other images is trained on these first."""
    trained_on = checkpoint.trained_on
    classes = list(data.trained_on.class_names)
    same = trained_on.get("name") == data.trained_on.name
    return same and trained_on.get("class_names") == classes


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
    stored = store(
        network,
        folder,
        accuracy=accuracy,
        trained_on=data.trained_on,
        costs=costs_in_passing(network),
    )
    lifecycle.start_completed(
        search.pk,
        token,
        {
            "accuracy": accuracy,
            "parameters": stored["parameters"],
            "multiply_adds": stored["multiply_adds"],
        },
        classes=data.classes,
        validation_images=len(data.splits.validation),
        checkpoint=Checkpoint(
            owner_id=search.owner_id, origin=Origin.START, search=search, **stored
        ),
    )
