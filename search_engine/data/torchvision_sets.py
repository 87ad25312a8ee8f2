"""Published data sets that torchvision reads: CIFAR, SVHN, STL-10, USPS.

CIFAR's files are pickles. They are opened only when their checksums are the publisher's.
"""

from collections.abc import Iterator
from hashlib import file_digest
from pathlib import Path
from typing import Any

import numpy as np
import torch

from search_engine.data.augmentation import Augmentation
from search_engine.data.dataset import Dataset
from search_engine.data.published import Description, Pictures, Published, torchvision_class
from search_engine.spec.errors import DatasetError


class TorchvisionSet(Published):
    """A data set that torchvision downloads, checks and decodes.

    Args:
        torchvision_name: torchvision's class.
        axes: order of the axes in torchvision's array.
        sign: a file or folder of it: where it is not, the others are not looked for.
        class_names: names of the classes; left out where torchvision knows them.
    """

    def __init__(
        self,
        description: Description,
        augmentation: Augmentation,
        torchvision_name: str,
        axes: str,
        sign: str,
        class_names: tuple[str, ...] = (),
    ) -> None:
        super().__init__(description, augmentation, (".", description.name))
        self.torchvision_name = torchvision_name
        self.axes = axes
        self.sign = sign
        self.class_names = class_names

    def find(self, folder: Path) -> Path | None:
        """The first place where all files lie; torchvision is loaded only where one may."""
        if any((place / self.sign).exists() for place in self.places(folder)):
            return super().find(folder)
        return None

    def files(self, place: Path) -> list[Path]:
        """The files whose checksums torchvision knows."""
        return [place / name for name, _ in self._checksums()]

    def fetch(self, folder: Path) -> None:
        """Let torchvision download into a folder of data sets what is not there yet."""
        for test in (False, True):
            self._open(folder, test=test, download=True)

    def read(self, place: Path) -> Dataset:
        """Check the files' checksums and read them.

        Raises:
            DatasetError: a file is damaged; the message names it.
        """
        for name, checksum in self._checksums():
            _check_file(place / name, checksum)
        train, test = (self._open(place, test=test) for test in (False, True))
        names = self.class_names or tuple(train.classes)
        return self.assemble(self._pictures(train), self._pictures(test), names)

    def _open(self, place: Path, *, test: bool, download: bool = False) -> Any:
        """torchvision's object for one part; some of its classes say `split`, some say `train`."""
        kind = torchvision_class(self.torchvision_name)
        if self.torchvision_name in ("SVHN", "STL10"):
            return kind(place, split="test" if test else "train", download=download)
        return kind(place, train=not test, download=download)

    def _checksums(self) -> Iterator[tuple[str, str]]:
        """Paths and MD5 checksums, from torchvision's tables."""
        kind = torchvision_class(self.torchvision_name)
        if self.torchvision_name in ("SVHN", "USPS"):
            for part in ("train", "test"):
                _, name, checksum = kind.split_list[part]
                yield name, checksum
            return
        for name, checksum in [*kind.train_list, *kind.test_list]:
            yield f"{kind.base_folder}/{name}", checksum
        if hasattr(kind, "meta"):
            yield f"{kind.base_folder}/{kind.meta['filename']}", kind.meta["md5"]

    def _pictures(self, part: Any) -> Pictures:
        labels = part.targets if hasattr(part, "targets") else part.labels
        images = torch.from_numpy(np.ascontiguousarray(part.data))
        if self.axes == "NHW":
            images = images[:, None]
        elif self.axes == "NHWC":
            images = images.permute(0, 3, 1, 2)
        return images, torch.as_tensor(np.asarray(labels, dtype=np.int64))


def _check_file(path: Path, checksum: str) -> None:
    with path.open("rb") as file:
        found = file_digest(file, "md5").hexdigest()
    if found != checksum:
        raise DatasetError(str(path), f"expected MD5 checksum {checksum}, got {found}")
