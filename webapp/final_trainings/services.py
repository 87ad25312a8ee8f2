"""What a user asks for, with the rules of who may ask what."""

import json
from functools import partial
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction

from search_engine.final_training import FinalTrainingConfig
from webapp.checkpoints import files
from webapp.errors import ProductError
from webapp.final_trainings import documents, lifecycle, selectors
from webapp.final_trainings.documents import Compare
from webapp.final_trainings.models import FinalTraining
from webapp.searches import selectors as search_selectors
from webapp.searches.lifecycle import locked
from webapp.searches.models import Search, Trial
from webapp.state import State

MAX_NAME, MAX_KEY = 120, 200


def launch(
    user: AbstractBaseUser,
    search_id: int,
    number: int,
    document: dict[str, Any],
    *,
    name: str = "",
    compare: Compare = Compare.NONE,
    idempotency_key: str | None = None,
) -> FinalTraining:
    """Train a trial's cell to the end, in a network of any size.

    Args:
        user: whose search it is.
        search_id: of the search.
        number: of the trial.
        document: the config as JSON; data set, image shape and cell are the search's and trial's.
        name: of the training; empty: made from the trial and the network.
        compare: also train the start network with the same recipe, in the same transaction; one
            that was trained so before serves again.
        idempotency_key: the same key a second time gives the same training, and launches nothing.

    Raises:
        ProductError: a field is at fault, or the key launched another training before.
    """
    search = search_selectors.search_to_change(user, search_id)
    trial = trial_to_train(user, search_id, number)
    config = documents.checked(document, search, trial)
    other = documents.compared(config, compare)
    name = checked_name(name) if name.strip() else usual_name(trial, config)
    key = _checked_key(idempotency_key)
    with locked(search_id) as search:
        if key and (earlier := _earlier(search, key, trial, config)):
            return earlier
        training = lifecycle.created(
            search, trial=trial, name=name, idempotency_key=key, **_fields(config)
        )
        if other is not None:
            training.compared_with = _start_network(search, other)
            training.save(update_fields=["compared_with"])
        return training


def trial_to_train(user: AbstractBaseUser, search_id: int, number: int) -> Trial:
    """A completed trial of a search of the user's own.

    Raises:
        ProductError: it is not the user's, or it has not been completed.
    """
    search_selectors.search_to_change(user, search_id)
    trial = search_selectors.trial_to_see(user, search_id, number)
    if trial.state != State.COMPLETED:
        raise ProductError(
            f"Trial {number} is {trial.state}; only a completed trial can be trained fully.",
            "conflict",
        )
    return trial


def usual_name(trial: Trial, config: FinalTrainingConfig) -> str:
    """Such as `Trial 7 in pyramidnet`."""
    return f"Trial {trial.number} in {config.skeleton.family}"


def pause(user: AbstractBaseUser, training_id: int) -> None:
    """Stop at the next step; it can go on from its last complete epoch."""
    lifecycle.pause_requested(_own(user, training_id))
    lifecycle.settled(training_id)


def resume(user: AbstractBaseUser, training_id: int) -> None:
    """Go on from the last complete epoch."""
    lifecycle.resumed(_own(user, training_id))


def cancel(user: AbstractBaseUser, training_id: int) -> None:
    """Give it up at its next step."""
    lifecycle.cancel_requested(_own(user, training_id))
    lifecycle.settled(training_id)


def rename(user: AbstractBaseUser, training_id: int, name: str) -> None:
    """Change its name, and its checkpoint's."""
    lifecycle.renamed(_own(user, training_id), checked_name(name))


def delete(user: AbstractBaseUser, training_id: int) -> None:
    """Delete an ended or paused training with its checkpoint; no undo."""
    training = selectors.training_to_change(user, training_id)
    with locked(training.search_id):
        training.refresh_from_db()
        if State(training.state) in (State.QUEUED, State.RUNNING):
            raise lifecycle.IllegalTransition(
                f"The final training is {training.state}: cancel it before you delete it."
            )
        checkpoint = training.checkpoint
        training.delete()
        if checkpoint is not None:
            transaction.on_commit(partial(files.delete, checkpoint.folder))
            checkpoint.delete()


def checked_name(name: str) -> str:
    """The name with single spaces.

    Raises:
        ProductError: it is empty or too long.
    """
    name = " ".join(name.split())
    if not 1 <= len(name) <= MAX_NAME:
        raise ProductError(
            "A final training needs a name.",
            fields={"name": f"expected 1 to {MAX_NAME} characters"},
        )
    return name


def _own(user: AbstractBaseUser, training_id: int) -> int:
    return selectors.training_to_change(user, training_id).pk


def _checked_key(key: str | None) -> str | None:
    if key and len(key) > MAX_KEY:
        raise ProductError(
            "The key is too long.",
            fields={"idempotency_key": f"expected at most {MAX_KEY} characters"},
        )
    return key or None


def _earlier(
    search: Search, key: str, trial: Trial, config: FinalTrainingConfig
) -> FinalTraining | None:
    found = search.final_trainings.filter(idempotency_key=key).first()
    if found and (found.trial_id != trial.pk or not _is_same(found, config)):
        raise ProductError("This Idempotency-Key launched another training before.", "conflict")
    return found


def _start_network(search: Search, config: FinalTrainingConfig) -> FinalTraining:
    """The start network's training with these settings: one that there is, or a new one."""
    for training in search.final_trainings.filter(trial__isnull=True).exclude(
        state__in=[State.FAILED, State.CANCELLED]
    ):
        if _is_same(training, config):
            return training
    name = f"Start network in {config.skeleton.family}"
    return lifecycle.created(search, name=name, **_fields(config))


def _is_same(training: FinalTraining, config: FinalTrainingConfig) -> bool:
    return json.dumps(training.config, sort_keys=True) == json.dumps(
        config.to_json(), sort_keys=True
    )


def _fields(config: FinalTrainingConfig) -> dict[str, Any]:
    cost = config.architecture.cost
    return {
        "config": config.to_json(),
        "epochs": config.recipe.epochs,
        "parameters": cost.parameters,
        "multiply_adds": cost.multiply_adds,
    }
