"""Published data sets in IDX files: MNIST and its relatives, plain or compressed.

An IDX file holds four bytes (0, 0, type, number of dimensions), then each dimension as a big-endian
32-bit integer, then the values. The type is always 8, unsigned byte, in what is read here.
"""

import gzip
import lzma
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from search_engine.data.augmentation import Augmentation
from search_engine.data.dataset import Dataset
from search_engine.data.published import Description, Pictures, Published, torchvision_class
from search_engine.packed import PACKED
from search_engine.spec.errors import DatasetError

_UNSIGNED_BYTE = 8
_GZIP_MAGIC = b"\x1f\x8b"
_XZ_MAGIC = b"\xfd7zXZ\x00"
_ENDINGS = ("", ".xz", ".gz")


def read_idx(path: Path, dimensions: int) -> Tensor:
    """Read one IDX file of unsigned bytes.

    Args:
        path: the file; gzip and xz are recognised by content.
        dimensions: how many it must have: 1 for labels, 3 for images.

    Returns:
        uint8, with as many dimensions.

    Raises:
        DatasetError: the file is missing, truncated or damaged, or is not such a file.
    """
    content = _read(path)
    header_bytes = 4 + 4 * dimensions
    magic = bytes((0, 0, _UNSIGNED_BYTE, dimensions))
    if content[:4] != magic or len(content) < header_bytes:
        raise DatasetError(
            str(path),
            f"expected an IDX file of {dimensions} dimensions, which starts with {magic.hex()},"
            f" got {content[:4].hex() or 'an empty file'}",
        )
    shape = np.frombuffer(content[4:header_bytes], dtype=">u4").astype(int).tolist()
    expected = header_bytes + int(np.prod(shape, dtype=object))
    if len(content) != expected:
        raise DatasetError(str(path), f"expected {expected} bytes, got {len(content)}")
    if 0 in shape:
        raise DatasetError(str(path), f"is empty, shape {tuple(shape)}")
    return torch.frombuffer(content, dtype=torch.uint8, offset=header_bytes).view(shape)


def _read(path: Path) -> bytearray:
    """The file's content, decompressed; a bytearray, because torch wants memory it may write."""
    try:
        content = path.read_bytes()
        if content.startswith(_GZIP_MAGIC):
            content = gzip.decompress(content)
        elif content.startswith(_XZ_MAGIC):
            content = lzma.decompress(content)
    except FileNotFoundError as error:
        raise DatasetError(str(path), "is missing") from error
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise DatasetError(str(path), f"cannot be read, perhaps truncated: {error}") from error
    return bytearray(content)


class IdxSet(Published):
    """Four IDX files: images and labels, for training and test, each plain, `.gz` or `.xz`.

    The files may come from torchvision's download, from a Debian package or from the publisher.
    Checksums are not compared, since each of these compresses anew; the archive's own checksum,
    the header and the length are.

    Args:
        torchvision_name: torchvision's class, which downloads it.
        prefixes: how the names of the training and of the test files begin.
        split: torchvision's name of the variant, where there are several.
        transposed: the files hold images column by column.
    """

    def __init__(
        self,
        description: Description,
        augmentation: Augmentation,
        torchvision_name: str,
        class_names: tuple[str, ...],
        *,
        prefixes: tuple[str, str] = ("train", "t10k"),
        split: str | None = None,
        transposed: bool = False,
    ) -> None:
        subfolders = (f"{torchvision_name}/raw", description.name, ".")
        super().__init__(description, augmentation, subfolders)
        self.torchvision_name = torchvision_name
        self.class_names = class_names
        self.prefixes = prefixes
        self.options = {} if split is None else {"split": split}
        self.transposed = transposed

    def files(self, place: Path) -> list[Path]:
        """The four files."""
        return [
            _file(place, prefix, kind) for prefix in self.prefixes for kind in ("images", "labels")
        ]

    def fetch(self, folder: Path) -> None:
        """Let torchvision download into a folder of data sets what is not there yet."""
        for train in (True, False):
            torchvision_class(self.torchvision_name)(
                folder, train=train, download=True, **self.options
            )

    def read(self, place: Path) -> Dataset:
        """Read the four files in this folder.

        Raises:
            DatasetError: a file is missing or damaged; the message names it.
        """
        train, test = (self._pictures(place, prefix) for prefix in self.prefixes)
        return self.assemble(train, test, self.class_names)

    def _pictures(self, place: Path, prefix: str) -> Pictures:
        path = _file(place, prefix, "images")
        images, labels = read_idx(path, 3), read_idx(_file(place, prefix, "labels"), 1)
        if len(images) != len(labels):
            raise DatasetError(str(path), f"has {len(images)} images for {len(labels)} labels")
        if self.transposed:
            images = images.transpose(1, 2)
        if (1, *images.shape[1:]) != self.description.image_shape:
            raise DatasetError(
                str(path),
                f"expected images of {self.description.image_shape[1:]} pixels,"
                f" got {tuple(images.shape[1:])}",
            )
        return images[:, None], labels.long()


class PackedIdxSet(IdxSet):
    """IDX files that come with the project: always on disk."""

    def places(self, folder: Path) -> Iterator[Path]:
        """The one place where they lie."""
        yield PACKED / self.description.name

    def fetch(self, folder: Path) -> None:
        """Nothing to do."""


def _file(place: Path, prefix: str, kind: str) -> Path:
    """The plain file where it exists, else a compressed one; where there is none, publishers'."""
    dimensions = {"images": 3, "labels": 1}[kind]
    name = f"{prefix}-{kind}-idx{dimensions}-ubyte"
    found = [place / f"{name}{ending}" for ending in _ENDINGS]
    return next((path for path in found if path.exists()), found[-1])
