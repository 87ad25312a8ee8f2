"""The published data sets that Espalier knows by name, and loading a data set by name or path."""

from dataclasses import replace
from pathlib import Path

from search_engine.data.augmentation import Augmentation
from search_engine.data.dataset import Dataset
from search_engine.data.folder import read_folder
from search_engine.data.idx_sets import IdxSet, PackedIdxSet
from search_engine.data.published import Description, DigitsSet, FolderSet, Published
from search_engine.data.stored import STORED_DATASET, stored_dataset
from search_engine.data.torchvision_sets import TorchvisionSet
from search_engine.pictures.sizes import Size
from search_engine.spec.errors import DatasetError

DEFAULT_FOLDER = Path("var/datasets")
"""Where published data sets are kept when no folder is given."""

_DIGITS = tuple("0123456789")
_LETTERS = tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZabdefghnqrt")
"""EMNIST's balanced letters: small letters that look like their capitals are merged with them."""

_FASHION = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
_KUZUSHIJI = ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")

_NOT_STATED = "not stated by the publisher; meant for research"
_CIFAR = Augmentation(padding=4, flip=True)

_PUBLISHED: tuple[Published, ...] = (
    DigitsSet(
        Description(
            name="digits",
            title="Digits of scikit-learn",
            image_shape=(1, 8, 8),
            classes=10,
            licence="CC BY 4.0",
            source="https://archive.ics.uci.edu/dataset/80",
            downloadable=False,
        ),
        Augmentation(padding=1),
    ),
    PackedIdxSet(
        Description(
            name="clothing",
            title="Clothing: a part of Fashion-MNIST",
            image_shape=(1, 28, 28),
            classes=10,
            licence="MIT",
            source="https://github.com/zalandoresearch/fashion-mnist",
            downloadable=False,
        ),
        Augmentation(padding=2, flip=True),
        "FashionMNIST",
        _FASHION,
    ),
    IdxSet(
        Description(
            name="fashion-mnist",
            title="Fashion-MNIST",
            image_shape=(1, 28, 28),
            classes=10,
            licence="MIT",
            source="https://github.com/zalandoresearch/fashion-mnist",
            debian_package="dataset-fashion-mnist",
        ),
        Augmentation(padding=2, flip=True),
        "FashionMNIST",
        _FASHION,
    ),
    IdxSet(
        Description(
            name="mnist",
            title="MNIST",
            image_shape=(1, 28, 28),
            classes=10,
            licence="CC BY-SA 3.0",
            source="http://yann.lecun.com/exdb/mnist/",
        ),
        Augmentation(padding=2),
        "MNIST",
        _DIGITS,
    ),
    IdxSet(
        Description(
            name="kmnist",
            title="Kuzushiji-MNIST",
            image_shape=(1, 28, 28),
            classes=10,
            licence="CC BY-SA 4.0",
            source="http://codh.rois.ac.jp/kmnist/",
        ),
        Augmentation(padding=2),
        "KMNIST",
        _KUZUSHIJI,
    ),
    IdxSet(
        Description(
            name="emnist-balanced",
            title="EMNIST, balanced letters and digits",
            image_shape=(1, 28, 28),
            classes=47,
            licence=_NOT_STATED,
            source="https://www.nist.gov/itl/products-and-services/emnist-dataset",
        ),
        Augmentation(padding=2),
        "EMNIST",
        _DIGITS + _LETTERS,
        prefixes=("emnist-balanced-train", "emnist-balanced-test"),
        split="balanced",
        transposed=True,
    ),
    TorchvisionSet(
        Description(
            name="usps",
            title="USPS digits",
            image_shape=(1, 16, 16),
            classes=10,
            licence=_NOT_STATED,
            source="https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/multiclass.html#usps",
        ),
        Augmentation(padding=1),
        "USPS",
        "NHW",
        "usps.bz2",
        _DIGITS,
    ),
    TorchvisionSet(
        Description(
            name="cifar10",
            title="CIFAR-10",
            image_shape=(3, 32, 32),
            classes=10,
            licence=_NOT_STATED,
            source="https://www.cs.toronto.edu/~kriz/cifar.html",
        ),
        _CIFAR,
        "CIFAR10",
        "NHWC",
        "cifar-10-batches-py",
    ),
    TorchvisionSet(
        Description(
            name="cifar100",
            title="CIFAR-100",
            image_shape=(3, 32, 32),
            classes=100,
            licence=_NOT_STATED,
            source="https://www.cs.toronto.edu/~kriz/cifar.html",
        ),
        _CIFAR,
        "CIFAR100",
        "NHWC",
        "cifar-100-python",
    ),
    TorchvisionSet(
        Description(
            name="svhn",
            title="Street View House Numbers",
            image_shape=(3, 32, 32),
            classes=10,
            licence="non-commercial use only",
            source="http://ufldl.stanford.edu/housenumbers/",
        ),
        Augmentation(padding=4),
        "SVHN",
        "NCHW",
        "train_32x32.mat",
        _DIGITS,
    ),
    TorchvisionSet(
        Description(
            name="stl10",
            title="STL-10",
            image_shape=(3, 96, 96),
            classes=10,
            licence=_NOT_STATED,
            source="https://cs.stanford.edu/~acoates/stl10/",
        ),
        Augmentation(padding=12, flip=True),
        "STL10",
        "NCHW",
        "stl10_binary",
    ),
    FolderSet(
        Description(
            name="eurosat",
            title="EuroSAT, land use from satellite images",
            image_shape=(3, 64, 64),
            classes=10,
            licence="MIT",
            source="https://github.com/phelber/EuroSAT",
        ),
        Augmentation(padding=4, flip=True),
        "EuroSAT",
        "eurosat/2750",
    ),
)

CATALOGUE = {published.description.name: published for published in _PUBLISHED}
"""Published data sets by name."""


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
        name: a name from `available_datasets`, the path of a folder or archive of pictures, or that
            of a folder that `dataset --out` has prepared. A path reads what the process may read:
            do not pass on what a stranger typed.
        folder: of published data sets, `DEFAULT_FOLDER` by default; Debian's is looked into too.
        download: let torchvision download a published data set into `folder` if it is not on disk.
        size: height and width in pixels, to resize the images of a folder or zip to.

    Raises:
        DatasetError: there is no such data set, it is not on disk and not to be downloaded, or one
            of its files is damaged; the message names it and says what to do.
    """
    if name in CATALOGUE:
        return _load_published(name, folder or DEFAULT_FOLDER, download=download)
    if (Path(name) / STORED_DATASET).is_file():
        return stored_dataset(Path(name))
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
