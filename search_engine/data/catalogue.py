"""The published data sets that Espalier knows by name."""

from search_engine.data.augmentation import Augmentation
from search_engine.data.idx_sets import IdxSet
from search_engine.data.local_sets import DigitsSet, FolderSet
from search_engine.data.published import Description, Published
from search_engine.data.torchvision_sets import TorchvisionSet

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
