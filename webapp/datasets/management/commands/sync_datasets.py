"""`manage.py sync_datasets`: the published data sets, and which of them are on this server."""

from typing import Any

from django.core.files.storage import default_storage
from django.core.management.base import BaseCommand
from django.db import transaction

from search_engine.data import Description, available_datasets
from search_engine.data.stored import STORED_DATASET
from webapp.datasets import uploads
from webapp.datasets.files import THUMBNAIL, library_folder
from webapp.datasets.kinds import PREPARATION
from webapp.datasets.models import Dataset
from webapp.datasets.services import IDLE
from webapp.state import State
from webapp.storage.local import is_disk
from webapp.work import runner

FIRST = ("clothing", "digits")
"""So small that they are prepared at once: the first page offers them before a worker has
started.
"""


class Command(BaseCommand):
    """Makes or refreshes the rows of published data sets; run at every start."""

    help = "Make or refresh the rows of published data sets."

    def handle(self, *args: Any, **options: Any) -> None:
        uploads.clear_left_uploads()
        datasets = sync()
        for dataset in datasets:
            if dataset.engine_name in FIRST and not dataset.is_ready:
                runner.run(PREPARATION.name, dataset.pk, "sync_datasets")
        here = ", ".join(dataset.name for dataset in datasets if dataset.on_disk)
        self.stdout.write(f"{len(datasets)} published data sets; on this server: {here}.")


def sync() -> list[Dataset]:
    """Make or refresh all rows; have those prepared whose files have appeared."""
    return [_sync(description) for description in available_datasets(library_folder())]


@transaction.atomic
def _sync(description: Description) -> Dataset:
    known = {
        "name": description.title,
        "licence": description.licence,
        "source": description.source,
        "classes": description.classes,
        "image_channels": description.image_shape[0],
        "image_height": description.image_shape[1],
        "image_width": description.image_shape[2],
        "downloadable": description.downloadable,
        "debian_package": description.debian_package,
        "on_disk": description.on_disk or _is_stored(description.name),
    }
    dataset, _ = Dataset.objects.update_or_create(
        engine_name=description.name, owner=None, defaults=known
    )
    if not dataset.on_disk:
        # No longer on this server: as if nobody had asked for it.
        ready = Dataset.objects.filter(pk=dataset.pk, state=State.COMPLETED)
        ready.update(state="", prepared_at=None, prepared="")
    elif not (dataset.is_ready and _has(dataset, THUMBNAIL)):
        PREPARATION.again(dataset, IDLE)
    dataset.refresh_from_db()
    return dataset


def _is_stored(engine_name: str) -> bool:
    """Whether another machine has put its images where all find them."""
    dataset = Dataset.objects.filter(engine_name=engine_name, owner=None).first()
    return not is_disk() and dataset is not None and _has(dataset, STORED_DATASET)


def _has(dataset: Dataset, name: str) -> bool:
    return bool(dataset.prepared) and default_storage.exists(f"{dataset.prepared}/{name}")
