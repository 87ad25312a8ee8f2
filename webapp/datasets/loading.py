"""Images of a data set for a worker. Imports torch."""

from search_engine.data import Dataset as Images
from search_engine.data import load_dataset
from search_engine.errors import DatasetError
from webapp.datasets.models import Dataset
from webapp.datasets.paths import library_folder, prepared_folder
from webapp.datasets.prepared import read_prepared


def load(dataset_id: int) -> Images:
    """The images of the data set with this id.

    Raises:
        DatasetError: there is no such data set, it is not ready, or its files are damaged.
    """
    dataset = Dataset.objects.filter(pk=dataset_id).first()
    if dataset is None:
        raise DatasetError(f"data set {dataset_id}", "has been deleted")
    return load_images(dataset)


def load_images(dataset: Dataset) -> Images:
    """The images of this row.

    Raises:
        DatasetError: it is not ready, or its files are damaged.
    """
    if dataset.is_built_in:
        return load_dataset(dataset.engine_name, folder=library_folder())
    if dataset.prepared_at is None:
        raise DatasetError(dataset.name, "has not been prepared yet")
    folder = prepared_folder(dataset.pk)
    return read_prepared(folder, name=dataset.name, source=dataset.file_name)
