"""Published data sets: what they have in common, and those that need no reader of their own."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from http.client import HTTPException
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from search_engine.data.augmentation import Augmentation
from search_engine.data.dataset import Dataset
from search_engine.data.folder import read_folder
from search_engine.spec.errors import DatasetError

Pictures = tuple[Tensor, Tensor]
"""Images, uint8, `(N, C, H, W)`, and labels, int64, `(N,)`."""

SYSTEM_FOLDER = Path("/usr/share/datasets")
"""Where Debian packages such as `dataset-fashion-mnist` put data sets."""


@dataclass(frozen=True, slots=True)
class Description:
    """The facts of a data set that are known without reading it.

    Args:
        image_shape: channels, height and width in pixels.
        licence: the licence as the publisher states it.
        debian_package: the package that puts it in `SYSTEM_FOLDER`, where there is one.
        downloadable: torchvision can fetch it.
        on_disk: it has been found on this machine.
    """

    name: str
    title: str
    image_shape: tuple[int, int, int]
    classes: int
    licence: str
    source: str
    debian_package: str = ""
    downloadable: bool = True
    on_disk: bool = False


class Published(ABC):
    """A published data set.

    Args:
        subfolders: where its files may lie below a folder of data sets.
    """

    def __init__(
        self,
        description: Description,
        augmentation: Augmentation,
        subfolders: tuple[str, ...] = (".",),
    ) -> None:
        self.description = description
        self.augmentation = augmentation
        self.subfolders = subfolders

    @abstractmethod
    def files(self, place: Path) -> Sequence[Path]:
        """All that `read` needs in this folder, whether there or not."""

    @abstractmethod
    def fetch(self, folder: Path) -> None:
        """Let torchvision download into a folder of data sets what is not there yet."""

    @abstractmethod
    def read(self, place: Path) -> Dataset:
        """Read the files in this folder.

        Raises:
            DatasetError: a file is missing or damaged; the message names it.
        """

    def places(self, folder: Path) -> Iterator[Path]:
        """Folders in which the files may lie, the likeliest first."""
        for root in (folder, SYSTEM_FOLDER):
            for subfolder in self.subfolders:
                yield root / subfolder

    def find(self, folder: Path) -> Path | None:
        """The first place where all files lie."""
        for place in self.places(folder):
            if all(path.exists() for path in self.files(place)):
                return place
        return None

    def download(self, folder: Path) -> None:
        """Download into a folder of data sets.

        Raises:
            DatasetError: the download fails.
        """
        try:
            self.fetch(folder)
        except (OSError, RuntimeError, HTTPException) as error:
            reason = f"cannot be downloaded to {folder}: {error}"
            raise DatasetError(self.description.name, reason, "download_failed") from error

    def not_found(self, folder: Path) -> DatasetError:
        """The error that says which file is missing, or where it looked and what to do."""
        for place in self.places(folder):
            missing = [path for path in self.files(place) if not path.exists()]
            if len(missing) < len(self.files(place)):
                return DatasetError(str(missing[0]), "is missing, though other files are there")
        looked = ", ".join(str(place) for place in self.places(folder))
        package = self.description.debian_package
        return DatasetError(
            self.description.name,
            f"not found in {looked}; put its files there or load it with download=True"
            + (f", or install the Debian package {package}" if package else ""),
        )

    def assemble(self, train: Pictures, test: Pictures | None, names: tuple[str, ...]) -> Dataset:
        """A data set of training pictures and, where there are any, official test pictures."""
        parts = [train] if test is None else [train, test]
        images = torch.cat([images for images, _ in parts])
        return Dataset(
            name=self.description.name,
            images=images.contiguous(memory_format=torch.channels_last),
            labels=torch.cat([labels for _, labels in parts]),
            class_names=names,
            test=torch.arange(len(train[0]), len(images)),
            licence=self.description.licence,
            source=self.description.source,
            augmentation=self.augmentation,
        )


def torchvision_class(name: str) -> Any:
    """A class of `torchvision.datasets`, imported only now: it takes as long as torch itself."""
    return getattr(import_module("torchvision.datasets"), name)


class DigitsSet(Published):
    """The handwritten digits that come with scikit-learn: always on disk."""

    def files(self, place: Path) -> list[Path]:
        """None: the images are part of scikit-learn."""
        return []

    def fetch(self, folder: Path) -> None:
        """Nothing to do."""

    def read(self, place: Path) -> Dataset:
        """Take the images from the installed package; `place` does not matter."""
        digits = import_module("sklearn.datasets").load_digits()
        # Grey levels are 0 to 16 there.
        images = torch.from_numpy(digits.images * (255 / 16)).round().to(torch.uint8)[:, None]
        names = tuple(str(name) for name in digits.target_names)
        return self.assemble((images, torch.from_numpy(digits.target).long()), None, names)


class FolderSet(Published):
    """A published data set of image files in class folders.

    Args:
        subfolder: where torchvision puts the class folders.
    """

    def __init__(
        self,
        description: Description,
        augmentation: Augmentation,
        torchvision_name: str,
        subfolder: str,
    ) -> None:
        super().__init__(description, augmentation, (subfolder,))
        self.torchvision_name = torchvision_name

    def files(self, place: Path) -> list[Path]:
        """The folder of class folders."""
        return [place]

    def fetch(self, folder: Path) -> None:
        """Let torchvision download into a folder of data sets what is not there yet."""
        torchvision_class(self.torchvision_name)(folder, download=True)

    def read(self, place: Path) -> Dataset:
        """Read the class folders.

        Raises:
            DatasetError: as `read_folder`.
        """
        return replace(
            read_folder(place),
            name=self.description.name,
            licence=self.description.licence,
            source=self.description.source,
            augmentation=self.augmentation,
        )
