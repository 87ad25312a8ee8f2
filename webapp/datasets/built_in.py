"""Rows of the data sets that the engine knows by name. Imports torch: for commands and workers."""

from django.db import transaction

from search_engine.data import Description, available_datasets
from webapp.datasets import lifecycle
from webapp.datasets.models import Dataset
from webapp.datasets.paths import library_folder, prepared_folder


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
        "on_disk": description.on_disk,
    }
    dataset, _ = Dataset.objects.update_or_create(
        engine_name=description.name, owner=None, defaults=known
    )
    if not description.on_disk:
        lifecycle.files_gone(dataset.pk)
    elif not (dataset.is_ready and prepared_folder(dataset.pk).is_dir()):
        lifecycle.preparation_requested(dataset.pk)
    dataset.refresh_from_db()
    return dataset
