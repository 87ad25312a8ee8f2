"""What a user asks for, with the rules of who may ask what."""

import json
from dataclasses import replace
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import IntegrityError, transaction

from search_engine.spec import Architecture, ImageShape
from search_engine.spec.search_config import Budget, SearchConfig
from webapp.accounts import quota
from webapp.checkpoints import files
from webapp.checkpoints.models import Checkpoint
from webapp.datasets.models import Dataset
from webapp.datasets.selectors import usable_dataset
from webapp.disk import require_room
from webapp.errors import ProductError, engine_errors_as_product_errors
from webapp.searches import lifecycle, selectors
from webapp.searches.events import Kind
from webapp.searches.models import Request, Search, Share
from webapp.state import State
from webapp.storage.folders import stored_bytes
from webapp.trainings import folders
from webapp.trainings.models import Training

MAX_NAME, MAX_KEY, MAX_NOTE, MAX_TAGS, MAX_TAG = 120, 200, 10_000, 20, 40


def launch(
    user: AbstractBaseUser,
    config: SearchConfig,
    *,
    name: str,
    preset: str = "",
    parent: Search | None = None,
    start_checkpoint: Checkpoint | None = None,
    idempotency_key: str | None = None,
) -> tuple[Search, bool]:
    """Launch a search.

    Args:
        config: its skeleton is fitted to the data set's images.
        preset: that the config was made from.
        parent: the search that it was cloned from; one that the user may see.
        start_checkpoint: a trained start network that the user may see, instead of training one;
            one that has grown brings its cell and skeleton with it, and grows further.
        idempotency_key: the same key a second time gives the same search, and launches nothing.

    Returns:
        The search, and whether it is new.

    Raises:
        ProductError: a field is at fault, or the key was used for another search.
    """
    require_room()
    if start_checkpoint is not None:
        config = started_from(start_checkpoint, config)
    config, dataset = fitted(config, user)
    if start_checkpoint is not None:
        check_start(start_checkpoint, config)
    name, idempotency_key = checked_name(name, "search"), checked_key(idempotency_key)
    if idempotency_key and (earlier := _earlier(user, idempotency_key, config)):
        return earlier, False
    quota.check(user.pk)
    try:
        with transaction.atomic():
            made = lifecycle.search_created(
                config,
                owner=user,
                parent=parent,
                start_checkpoint=start_checkpoint,
                dataset=dataset,
                name=name,
                preset=preset,
                idempotency_key=idempotency_key,
            )
            return made, True
    except IntegrityError:
        # Of two requests with one key that came at once, the other was first.
        if idempotency_key and (earlier := _earlier(user, idempotency_key, config)):
            return earlier, False
        raise


def checked(document: object, user: AbstractBaseUser) -> tuple[SearchConfig, Dataset]:
    """The config as the engine reads it, its skeleton fitted to the data set's images."""
    with engine_errors_as_product_errors():
        config = SearchConfig.from_json(document)
    return fitted(config, user)


def fitted(config: SearchConfig, user: AbstractBaseUser) -> tuple[SearchConfig, Dataset]:
    """The config with its skeleton fitted to the images of its data set, and that data set."""
    with engine_errors_as_product_errors():
        dataset = usable_dataset(user, config.data.name)
        shape = ImageShape(dataset.image_channels, dataset.image_height, dataset.image_width)
        skeleton = replace(config.skeleton, image=shape, classes=len(dataset.class_names))
        config = replace(config, skeleton=skeleton)
        _check_counts(config, dataset)
    return config, dataset


def started_from(checkpoint: Checkpoint, config: SearchConfig) -> SearchConfig:
    """The config as it must be to grow a checkpoint further, where it has grown."""
    with engine_errors_as_product_errors():
        architecture = Architecture.from_json(checkpoint.description["architecture"])
        is_grown = architecture.cell != architecture.skeleton.start_cell
        return config.started_from(architecture) if is_grown else config


def check_start(checkpoint: Checkpoint, config: SearchConfig) -> None:
    """Refuse a checkpoint that is not the start network that the config describes."""
    expected = config.start_architecture(config.skeleton.classes).to_json()
    if checkpoint.description["architecture"] != json.loads(json.dumps(expected)):
        reason = "it is not the start network that the settings describe: family, size, images"
        raise ProductError(
            f"Not started: {reason}.", "unusable", fields={"start_checkpoint": reason}
        )


def _check_counts(config: SearchConfig, dataset: Dataset) -> None:
    held_out = config.data.validation + config.data.calibration
    if dataset.image_count and held_out >= dataset.image_count:
        raise ProductError(
            f"The data set has {dataset.image_count:,} images; fewer must be held out.",
            "unusable",
            fields={"data.validation": f"with calibration, below {dataset.image_count:,} images"},
        )


def pause(user: AbstractBaseUser, search_id: int) -> None:
    """Let the trials that run end, and begin no others."""
    _ask(user, search_id, Request.PAUSE)


def resume(user: AbstractBaseUser, search_id: int) -> None:
    """Go on exactly where the search was paused."""
    lifecycle.search_resumed(_own(user, search_id))


def stop(user: AbstractBaseUser, search_id: int) -> None:
    """Let the trials that run end, then complete the search with what it has found."""
    _ask(user, search_id, Request.STOP)


def cancel(user: AbstractBaseUser, search_id: int) -> None:
    """Give the trials that run up at their next step, and end the search."""
    _ask(user, search_id, Request.CANCEL)


def _ask(user: AbstractBaseUser, search_id: int, request: Request) -> None:
    lifecycle.search_requested(_own(user, search_id), request)
    lifecycle.search_settled(search_id)


def extend_budget(user: AbstractBaseUser, search_id: int, max_trials: int) -> None:
    """Allow more trials; a completed search goes on."""
    search = selectors.search_to_change(user, search_id)
    with engine_errors_as_product_errors():
        Budget(max_trials=max_trials)
    if max_trials <= search.max_trials:
        raise ProductError(
            f"The budget is {search.max_trials} trials already; it can only grow.",
            "conflict",
            fields={"max_trials": f"expected more than {search.max_trials}, got {max_trials}"},
        )
    quota.check(user.pk)
    lifecycle.search_budget_extended(search_id, max_trials)


def rename(user: AbstractBaseUser, search_id: int, name: str) -> None:
    name = checked_name(name, "search")
    lifecycle.search_changed(_own(user, search_id), Kind.SEARCH_RENAMED, name=name)


def write_note(user: AbstractBaseUser, search_id: int, note: str) -> None:
    if len(note) > MAX_NOTE:
        raise ProductError(
            "The note is too long.", fields={"note": f"at most {MAX_NOTE:,} characters"}
        )
    lifecycle.search_changed(_own(user, search_id), Kind.SEARCH_NOTED, note=note)


def set_tags(user: AbstractBaseUser, search_id: int, tags: list[str]) -> None:
    """Replace a search's tags; twice the same is once, and the order is kept."""
    clean = list(dict.fromkeys(tag.strip() for tag in tags if tag.strip()))
    if len(clean) > MAX_TAGS or any(len(tag) > MAX_TAG for tag in clean):
        limits = f"at most {MAX_TAGS} tags of {MAX_TAG} characters"
        raise ProductError("These are too many tags, or too long ones.", fields={"tags": limits})
    lifecycle.search_changed(_own(user, search_id), Kind.SEARCH_TAGGED, tags=clean)


def freed_bytes(user: AbstractBaseUser, search_id: int) -> int:
    """What deleting a search frees."""
    search = selectors.search_to_change(user, search_id)
    trainings = Training.objects.filter(search=search).values_list("pk", flat=True)
    return stored_bytes(files.search_folder(search.pk)) + folders.left_bytes(trainings)


def delete(user: AbstractBaseUser, search_id: int) -> None:
    """Delete an ended search with its trials, events, checkpoints and final trainings; no undo."""
    with lifecycle.locked(_own(user, search_id)) as search:
        if not State(search.state).is_final:
            raise lifecycle.IllegalTransition(
                f"The search is {search.state}: cancel it before you delete it."
            )
        if Training.objects.filter(search=search, state__in=[State.QUEUED, State.RUNNING]).exists():
            raise lifecycle.IllegalTransition(
                "A final training of this search is under way: cancel it before you delete the"
                " search."
            )
        search.delete()


def retry_trial(user: AbstractBaseUser, search_id: int, number: int) -> None:
    """Try a failed trial again."""
    lifecycle.trial_retried(_own_trial(user, search_id, number))


def pin_trial(user: AbstractBaseUser, search_id: int, number: int, *, pinned: bool) -> None:
    """Keep a trial's checkpoint whatever else is found."""
    lifecycle.trial_pinned(_own_trial(user, search_id, number), pinned=pinned)


def share(user: AbstractBaseUser, search_id: int, username: str) -> Share:
    """Let a named user look at a search."""
    search = selectors.search_to_change(user, search_id)
    other = get_user_model().objects.filter(username=username, is_active=True).first()
    if other is None or other.pk == user.pk:
        reason = "there is no such user" if other is None else "it is yours already"
        code = "not_found" if other is None else "conflict"
        raise ProductError(f"Not shared: {reason}.", code, fields={"username": reason})
    found, _ = Share.objects.get_or_create(search=search, user=other)
    return found


def unshare(user: AbstractBaseUser, search_id: int, username: str) -> None:
    """Take a share back; that user's open pages close within a second."""
    search = selectors.search_to_change(user, search_id)
    Share.objects.filter(search=search, user__username=username).delete()


def checkpoint_to_download(user: Any, search_id: int, number: int | None) -> Checkpoint:
    """A kept trial's checkpoint, or the best one where no number is given."""
    if number is None:
        found = selectors.best_checkpoint(selectors.search_to_see(user, search_id))
    else:
        trial = selectors.trial_to_see(user, search_id, number)
        found = Checkpoint.objects.filter(trial=trial).select_related("trial", "search").first()
    if found is None:
        raise ProductError("No checkpoint of this is kept.", "not_found")
    return found


def _own(user: AbstractBaseUser, search_id: int) -> int:
    return selectors.search_to_change(user, search_id).pk


def _own_trial(user: AbstractBaseUser, search_id: int, number: int) -> int:
    selectors.search_to_change(user, search_id)
    return selectors.trial_to_see(user, search_id, number).pk


def checked_name(name: str, what: str) -> str:
    """The name with single spaces, neither empty nor too long."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= MAX_NAME:
        reason = f"expected 1 to {MAX_NAME} characters"
        raise ProductError(f"A {what} needs a name.", fields={"name": reason})
    return name


def checked_key(key: str | None) -> str | None:
    """An idempotency key that is not too long; None where there is none."""
    if key and len(key) > MAX_KEY:
        reason = f"expected at most {MAX_KEY} characters"
        raise ProductError("The key is too long.", fields={"idempotency_key": reason})
    return key or None


def _earlier(user: AbstractBaseUser, key: str, config: SearchConfig) -> Search | None:
    found = Search.objects.filter(owner_id=user.pk, idempotency_key=key).first()
    if found is not None and _settings(found.config) != _settings(config.to_json()):
        raise ProductError("This Idempotency-Key launched another search before.", "conflict")
    return found


def _settings(document: dict[str, Any]) -> str:
    """Settings to compare; the budget apart, for it may have been extended since."""
    return json.dumps({**document, "budget": None}, sort_keys=True)
