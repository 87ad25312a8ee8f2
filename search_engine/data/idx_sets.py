"""Published data sets in IDX files: MNIST and its relatives."""

from pathlib import Path

from search_engine.data.augmentation import Augmentation
from search_engine.data.dataset import Dataset
from search_engine.data.idx import read_idx
from search_engine.data.published import Description, Pictures, Published, torchvision_class
from search_engine.errors import DatasetError


class IdxSet(Published):
    """Four IDX files: images and labels, for training and test, each plain or as `.gz`.

    The files may come from torchvision's download, from a Debian package or from the publisher.
    Checksums are not compared, since each of these compresses anew; gzip's own checksum, the
    header and the length are.

    Args:
        description: what it is.
        augmentation: what suits it in training.
        torchvision_name: torchvision's class, which downloads it.
        class_names: names of the classes.
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


def _file(place: Path, prefix: str, kind: str) -> Path:
    """The plain file where it exists, else the compressed one."""
    dimensions = {"images": 3, "labels": 1}[kind]
    plain = place / f"{prefix}-{kind}-idx{dimensions}-ubyte"
    return plain if plain.exists() else plain.with_name(f"{plain.name}.gz")
