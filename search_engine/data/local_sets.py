"""Published data sets that need no format of their own: the digits of scikit-learn, and EuroSAT."""

from dataclasses import replace
from importlib import import_module
from pathlib import Path

import torch

from search_engine.data.augmentation import Augmentation
from search_engine.data.dataset import Dataset
from search_engine.data.folder import read_folder
from search_engine.data.published import Description, Published, torchvision_class


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
        description: what it is.
        augmentation: what suits it in training.
        torchvision_name: torchvision's class, which downloads it.
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
