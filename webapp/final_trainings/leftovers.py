"""What a deleted final training leaves on the disk: its state between epochs."""

from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete

from webapp.final_trainings import folders
from webapp.final_trainings.models import FinalTraining


def watch() -> None:
    """A signal, since rows also go with their search, of which this app's services hear nothing."""
    post_delete.connect(_deleted, sender=FinalTraining, dispatch_uid="final_training_folder")


def _deleted(instance: FinalTraining, **_: Any) -> None:
    transaction.on_commit(partial(folders.delete, instance.pk))
