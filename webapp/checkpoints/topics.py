"""Checkpoints as topics: who may watch one, and what its page is told of exports and measuring."""

from collections.abc import Mapping, Set
from typing import Any

from django.db.models.signals import post_delete, post_save

from webapp.checkpoints.json import live_json
from webapp.checkpoints.models import Checkpoint, Export
from webapp.live import log, registry
from webapp.live.registry import TopicKind


def readers(ids: Set[int], users: Set[int]) -> Mapping[tuple[int, int], bool]:
    """The owner, and those whom its search is shared with."""
    rows = Checkpoint.objects.filter(pk__in=ids)
    owners = rows.filter(owner__in=users).values_list("pk", "owner_id")
    shared = rows.filter(search__shares__user__in=users)
    lookers = shared.values_list("pk", "search__shares__user_id")
    may_look = {pair: False for pair in lookers if pair[1] in users}
    return {**may_look, **dict.fromkeys(owners, True)}


def present(checkpoint_id: int, owns: bool) -> Mapping[str, Any]:
    checkpoint = Checkpoint.objects.filter(pk=checkpoint_id).first()
    return {} if checkpoint is None else {**live_json(checkpoint, owns=owns)}


CHECKPOINT = TopicKind(
    name="checkpoint",
    path="checkpoints",
    id_name="checkpoint_id",
    rows=Checkpoint,
    readers=readers,
    present=present,
)


def register() -> None:
    registry.register(CHECKPOINT)
    post_save.connect(_created, Checkpoint, dispatch_uid="checkpoint_created")
    post_delete.connect(_deleted, Export, dispatch_uid="export_deleted")


def _created(instance: Checkpoint, created: bool, **_: Any) -> None:
    if created:
        registry.tell_user(instance.owner_id, "checkpoint.created", instance.pk)


def _deleted(instance: Export, origin: Any = None, **_: Any) -> None:
    if origin is instance:
        log.append(CHECKPOINT.topic(instance.checkpoint_id), "export.deleted", {"id": instance.pk})
