"""What pages and the API read of data sets, filtered by user first."""

from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from search_engine.config import DataConfig
from webapp.datasets.models import Dataset
from webapp.datasets.paths import prepared_folder
from webapp.errors import ProductError
from webapp.state import State

Reader = AbstractBaseUser | AnonymousUser
USUAL = DataConfig()
NOT_FOUND = "There is no such data set, or it is not yours to see."


@dataclass(frozen=True, slots=True)
class ClassRow:
    """One class, as a page shows it; `share` is of the largest class, from 0 to 1."""

    index: int
    name: str
    count: int
    share: float


@dataclass(frozen=True, slots=True)
class Part:
    """Images that serve for one thing; `start` and `share` are fractions of all images."""

    name: str
    count: int
    start: float
    share: float


def is_admin(user: Reader) -> bool:
    return bool(getattr(user, "is_superuser", False))


def visible_datasets(user: Reader) -> QuerySet[Dataset]:
    """Published ones, the user's own, and for admins all; what is ready comes first."""
    datasets = Dataset.objects.select_related("owner")
    if not is_admin(user):
        datasets = datasets.filter(Q(owner__isnull=True) | Q(owner_id=user.pk))
    # Written out, since databases differ in where nulls go.
    rank = Case(
        When(owner__isnull=False, then=Value(0)),
        When(state=State.COMPLETED, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    return datasets.order_by(rank, "-owner_id", "name", "pk")


def visible_dataset(user: Reader, dataset_id: int) -> Dataset:
    """One of them.

    Raises:
        ProductError: there is none such.
    """
    dataset = visible_datasets(user).filter(pk=dataset_id).first()
    if dataset is None:
        raise ProductError(NOT_FOUND, "not_found")
    return dataset


def may_change(user: Reader, dataset: Dataset) -> bool:
    """An upload is its owner's and the admins' to change; a published one nobody's."""
    return not dataset.is_built_in and (dataset.owner_id == user.pk or is_admin(user))


def class_rows(dataset: Dataset) -> list[ClassRow]:
    """All classes with their counts."""
    largest = max(dataset.class_counts, default=0) or 1
    counted = zip(dataset.class_names, dataset.class_counts, strict=False)
    return [
        ClassRow(index, name, count, count / largest) for index, (name, count) in enumerate(counted)
    ]


def parts(dataset: Dataset) -> list[Part]:
    """How a search divides the images: with the usual settings, or with fewer held out."""
    # The engine's own rule where the publisher names no test images: one in five.
    total = dataset.image_count
    test = dataset.test_count or round(total * 0.2)
    left = max(total - test, 0)
    validation, calibration = USUAL.validation, USUAL.calibration
    if is_small(dataset):
        validation, calibration = left // 4, left // 10
    counts = {
        "Training": left - validation - calibration,
        "Calibration": calibration,
        "Validation": validation,
        "Test": test,
    }
    starts = accumulate(counts.values(), initial=0)
    return [
        Part(name, count, start / (total or 1), count / (total or 1))
        for (name, count), start in zip(counts.items(), starts, strict=False)
    ]


def is_small(dataset: Dataset) -> bool:
    """The usual settings would hold out most of the images."""
    return 2 * (USUAL.validation + USUAL.calibration) > dataset.image_count


def sample_path(dataset: Dataset, file_name: str) -> Path:
    """A sample picture's file.

    Raises:
        ProductError: the data set has none such.
    """
    path = prepared_folder(dataset.pk) / file_name
    if dataset.prepared_at is None or not path.is_file():
        raise ProductError("This data set has no such samples.", "not_found")
    return path
