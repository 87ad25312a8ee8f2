"""What a user asks for, with the rules of who may ask what."""

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser

from search_engine.spec import AdoptedConfig, SkeletonConfig
from search_engine.spec.final_training import FinalTrainingConfig
from webapp.accounts import quota
from webapp.checkpoints.models import Checkpoint
from webapp.disk import require_room
from webapp.errors import ProductError
from webapp.live import log
from webapp.searches import selectors as search_selectors
from webapp.searches.lifecycle import IllegalTransition, locked
from webapp.searches.models import Search, Trial
from webapp.searches.services import checked_key, checked_name
from webapp.state import State
from webapp.storage.folders import stored_bytes
from webapp.trainings import documents, folders, selectors
from webapp.trainings.documents import Compare
from webapp.trainings.kinds import TRAINING
from webapp.trainings.models import Purpose, Training


def launch(
    user: AbstractBaseUser,
    search_id: int,
    number: int,
    config: FinalTrainingConfig,
    *,
    name: str = "",
    compare: Compare = Compare.NONE,
    idempotency_key: str | None = None,
) -> tuple[Training, bool]:
    """Train a trial's cell to the end, in a network of any size.

    Args:
        config: with the search's data set and the trial's cell, from `documents.checked`.
        name: of the training; empty: made from the trial and the network.
        compare: also train the start network with the same recipe, in the same transaction; one
            that was trained so before serves again.
        idempotency_key: the same key a second time gives the same training, and launches nothing.

    Returns:
        The training, and whether it is new.

    Raises:
        ProductError: a field is at fault, or the key launched another training before.
    """
    require_room()
    trial = trial_to_train(user, search_id, number)
    other = documents.compared(config, compare)
    name = checked_name(name, "training") if name.strip() else usual_name(trial, config)
    key = checked_key(idempotency_key)
    with locked(search_id) as search:
        if key and (earlier := _earlier(search, key, trial, config)):
            return earlier, False
        quota.check(user.pk)
        training = Training(
            search=search,
            purpose=Purpose.FINAL,
            trial=trial,
            name=name,
            idempotency_key=key,
            **_fields(config),
        )
        TRAINING.add(training)
        if other is not None:
            training.compared_with = _comparison(search, other)
            training.save(update_fields=["compared_with"])
        return training, True


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
    return f"Trial {trial.number} in {_called(config.skeleton)}"


def pause(user: AbstractBaseUser, training_id: int) -> None:
    """Stop at the next step; it can go on from its last complete epoch."""
    TRAINING.pause(_own(user, training_id))


def resume(user: AbstractBaseUser, training_id: int) -> None:
    """Go on from the last complete epoch."""
    TRAINING.resume(_own(user, training_id))


def cancel(user: AbstractBaseUser, training_id: int) -> None:
    """Give it up at its next step."""
    TRAINING.cancel(_own(user, training_id))


def rename(user: AbstractBaseUser, training_id: int, name: str) -> None:
    """Change its name, and its checkpoint's."""
    name = checked_name(name, "training")
    training = selectors.training_to_change(user, training_id)
    _require_own_steering(training)
    with locked(training.search_id):
        Training.objects.filter(pk=training_id).update(name=name)
        Checkpoint.objects.filter(training=training_id).update(name=name)
        log.append(training.topic, "final_training.renamed", {"id": training_id, "name": name})


def freed_bytes(user: AbstractBaseUser, training_id: int) -> int:
    """What deleting a training frees."""
    training = selectors.training_to_change(user, training_id)
    kept = [training.checkpoint.folder] if training.checkpoint else []
    return stored_bytes(*kept) + folders.left_bytes([training.pk])


def delete(user: AbstractBaseUser, training_id: int) -> None:
    """Delete an ended or paused training with its checkpoint; no undo."""
    training = selectors.training_to_change(user, training_id)
    with locked(training.search_id):
        training.refresh_from_db()
        _require_own_steering(training)
        if training.is_active:
            raise IllegalTransition(
                f"The training is {training.state}: cancel it before you delete it."
            )
        checkpoint = training.checkpoint
        training.delete()
        if checkpoint is not None:
            checkpoint.delete()


def _require_own_steering(training: Training) -> None:
    if training.is_start:
        raise IllegalTransition("A start network's training goes with its search.")


def _own(user: AbstractBaseUser, training_id: int) -> int:
    return selectors.training_to_change(user, training_id).pk


def _earlier(
    search: Search, key: str, trial: Trial, config: FinalTrainingConfig
) -> Training | None:
    found = search.trainings.filter(idempotency_key=key).first()
    if found and (found.trial_id != trial.pk or not _is_same(found, config)):
        raise ProductError("This Idempotency-Key launched another training before.", "conflict")
    return found


def _comparison(search: Search, config: FinalTrainingConfig) -> Training:
    """The start network's training with these settings: one that there is, or a new one."""
    for training in search.trainings.filter(purpose=Purpose.COMPARISON).exclude(
        state__in=[State.FAILED, State.CANCELLED]
    ):
        if _is_same(training, config):
            return training
    name = f"Start network in {_called(config.skeleton)}"
    new = Training(search=search, purpose=Purpose.COMPARISON, name=name, **_fields(config))
    return TRAINING.add(new)


def _called(skeleton: SkeletonConfig) -> str:
    return skeleton.model if isinstance(skeleton, AdoptedConfig) else skeleton.family


def _is_same(training: Training, config: FinalTrainingConfig) -> bool:
    """Whether they mean the same: a config of before lacks settings that have come since."""
    return FinalTrainingConfig.from_json(training.config) == config


def _fields(config: FinalTrainingConfig) -> dict[str, Any]:
    cost = config.architecture.cost
    return {
        "config": config.to_json(),
        "epochs": config.recipe.epochs * config.data.folds,
        "parameters": cost.parameters,
        "multiply_adds": cost.multiply_adds,
    }
