"""Final trainings in lists: their searches' logs tell of them, and their owners of what is gone."""

from typing import Any

from django.db.models.signals import post_delete

from webapp.live import registry
from webapp.live.registry import ListKind
from webapp.searches.topics import SEARCH
from webapp.trainings.models import Training

PART = "final_training"


def register() -> None:
    registry.register_list(ListKind(path="final-trainings", part=PART, topic=SEARCH))
    post_delete.connect(_deleted, Training, dispatch_uid="final_training_deleted")


def _deleted(instance: Training, origin: Any = None, **_: Any) -> None:
    if origin is instance:
        registry.tell_user(instance.search.owner_id, f"{PART}.deleted", instance.pk)
