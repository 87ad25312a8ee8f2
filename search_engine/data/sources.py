"""Load a data set by name, or from a folder or zip of images."""

from dataclasses import replace
from pathlib import Path

from search_engine.data.catalogue import CATALOGUE
from search_engine.data.dataset import Dataset
from search_engine.data.decoding import Size
from search_engine.data.folder import read_folder
from search_engine.data.published import Description
from search_engine.errors import DatasetError

DEFAULT_FOLDER = Path("var/datasets")
"""Where published data sets are kept when no folder is given."""


def available_datasets(folder: Path | None = None) -> list[Description]:
    """The published data sets, and which of them are on disk.

    Args:
        folder: of data sets; by default `DEFAULT_FOLDER`. Debian's is looked into as well.
    """
    folder = folder or DEFAULT_FOLDER
    return [
        replace(published.description, on_disk=published.find(folder) is not None)
        for published in CATALOGUE.values()
    ]


def load_dataset(
    name: str, *, folder: Path | None = None, download: bool = False, size: Size | None = None
) -> Dataset:
    """Load a published data set, or images in class folders.

    Args:
        name: a name from `available_datasets`, or the path of a folder or zip of images. A path
            reads what the process may read: do not pass on what a stranger typed.
        folder: of published data sets, `DEFAULT_FOLDER` by default; Debian's is looked into too.
        download: let torchvision download a published data set into `folder` if it is not on disk.
        size: height and width in pixels, to resize the images of a folder or zip to.

    Raises:
        DatasetError: there is no such data set, it is not on disk and not to be downloaded, or one
            of its files is damaged; the message names it and says what to do.
    """
    if name in CATALOGUE:
        return _load_published(name, folder or DEFAULT_FOLDER, download=download)
    if Path(name).exists():
        return read_folder(Path(name), size=size)
    raise DatasetError(
        name, f"expected a folder, a zip file or one of {', '.join(CATALOGUE)}; there is none such"
    )


def _load_published(name: str, folder: Path, *, download: bool) -> Dataset:
    published = CATALOGUE[name]
    place = published.find(folder)
    if place is None and download:
        published.download(folder)
        place = published.find(folder)
    if place is None:
        raise published.not_found(folder)
    return published.read(place)
