"""The start network of a search: its training is asked for with the search, which it lets begin."""

from typing import Any

from django.utils import timezone

from search_engine.spec import AdoptedConfig
from search_engine.spec.final_training import FinalData, FinalTrainingConfig, Weights
from search_engine.spec.search_config import SearchConfig
from webapp.searches.events import Kind, append
from webapp.searches.lifecycle.states import enter, search_failed, search_held_up, search_settled
from webapp.searches.models import Search
from webapp.state import State
from webapp.trainings.kinds import TRAINING, changed, held_up
from webapp.trainings.models import Purpose, Training
from webapp.work.kind import Verb
from webapp.work.queue import TaskName, send_on_commit


def start_training_created(search: Search, config: SearchConfig) -> Training:
    """It waits for a worker; that its search was created tells of it."""
    cost = config.start_architecture(config.skeleton.classes).cost
    training = Training.objects.create(
        search=search,
        purpose=Purpose.START,
        name="Start network",
        config=start_config(config).to_json(),
        epochs=config.start_recipe.epochs,
        parameters=cost.parameters,
        multiply_adds=cost.multiply_adds,
    )
    TRAINING.send(training.pk)
    return training


def start_config(config: SearchConfig) -> FinalTrainingConfig:
    """How a search's start network is trained, in the terms of any training."""
    data, skeleton = config.data, config.skeleton
    return FinalTrainingConfig(
        data=FinalData(
            name=data.name,
            validation=data.validation,
            train_limit=data.train_limit,
            seed=config.split_seed,
        ),
        skeleton=skeleton,
        cell=config.start_cell or skeleton.start_cell,
        recipe=config.start_recipe,
        weights=Weights.ADOPTED if isinstance(skeleton, AdoptedConfig) else Weights.SCRATCH,
        seed=config.seed,
    )


def watch() -> None:
    changed.connect(_training_changed, Training, dispatch_uid="start_network")
    held_up.connect(_training_held_up, Training, dispatch_uid="start_network_held_up")


def _training_changed(training: Training, verb: Verb, **_: Any) -> None:
    """What follows for the search, in the transaction of its start network's training."""
    if not training.is_start:
        return
    search = Search.objects.get(pk=training.search_id)
    if verb is Verb.STARTED and search.state == State.QUEUED:
        search.started_at = timezone.now()
        search.save(update_fields=["started_at"])
        enter(search, State.RUNNING)
        append(search, Kind.SEARCH_STARTED)
    elif verb is Verb.COMPLETED:
        send_on_commit(TaskName.ADVANCE_SEARCH, search.pk)
        search_settled(search.pk)
    elif verb is Verb.FAILED:
        search_failed(search, training.failure)
    elif verb in (Verb.INTERRUPTED, Verb.CANCELLED):
        search_settled(search.pk)


def _training_held_up(training: Training, failure: str, **_: Any) -> None:
    search_held_up(training.search_id, f"The start network could not be trained. {failure}")
