"""What pages and the API read of data sets, filtered by user first."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import IO, Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Case, IntegerField, Q, QuerySet, Sum, Value, When

from search_engine.spec.errors import InvalidConfig
from search_engine.spec.order import natural_order
from search_engine.spec.search_config import DataConfig
from webapp.datasets.models import Dataset
from webapp.errors import ProductError, one_of
from webapp.state import State
from webapp.storage.local import opened

Reader = AbstractBaseUser | AnonymousUser
USUAL = DataConfig()
_LONG = ("report", "asked", "classes_found")
"""Columns that only the page of one data set needs."""


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
    datasets = Dataset.objects.select_related("owner").defer(*_LONG)
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


def filtered(datasets: QuerySet[Dataset], given: Mapping[str, Any]) -> QuerySet[Dataset]:
    """The data sets that a filter asks for; what is left out filters nothing."""
    if state := given.get("state"):
        datasets = datasets.filter(state=state)
    if (built_in := given.get("built_in")) is not None:
        datasets = datasets.filter(owner__isnull=built_in)
    if name := given.get("name"):
        datasets = datasets.filter(name__icontains=name)
    return datasets


def visible_dataset(user: Reader, dataset_id: int) -> Dataset:
    """One of them.

    Raises:
        ProductError: there is none such.
    """
    return one_of(visible_datasets(user).defer(None), "data set", pk=dataset_id)


def usable_datasets(user: AbstractBaseUser) -> QuerySet[Dataset]:
    """The data sets that are ready: built in, or the user's own."""
    mine = Q(owner__isnull=True) | Q(owner_id=user.pk)
    return Dataset.objects.filter(mine, state=State.COMPLETED).order_by("owner_id", "name")


def usable_dataset(user: AbstractBaseUser, engine_name: str) -> Dataset:
    """The data set that a config names.

    By row, never by path: what a user types must not reach the file system.

    Raises:
        InvalidConfig: the user has none of that name that is ready.
    """
    found = usable_datasets(user).filter(engine_name=engine_name).first()
    if found is None:
        names = ", ".join(usable_datasets(user).values_list("engine_name", flat=True)[:20])
        raise InvalidConfig("data.name", f"expected one of {names}; got {engine_name[:60]!r}")
    return found


def used_bytes(user_id: int) -> int:
    """Bytes of a user's archives, or of what was prepared of them: only one of the two is kept."""
    found = Dataset.objects.filter(owner_id=user_id).aggregate(total=Sum("size_bytes"))
    return found["total"] or 0


def may_change(user: Reader, dataset: Dataset) -> bool:
    """An upload is its owner's and the admins' to change; a published one nobody's."""
    return not dataset.is_built_in and (dataset.owner_id == user.pk or is_admin(user))


def class_rows(dataset: Dataset) -> list[ClassRow]:
    """All classes with their counts; numbers sort as numbers, and each keeps its index."""
    largest = max(dataset.class_counts, default=0) or 1
    counted = zip(dataset.class_names, dataset.class_counts, strict=False)
    rows = [
        ClassRow(index, name, count, count / largest) for index, (name, count) in enumerate(counted)
    ]
    return sorted(rows, key=lambda row: natural_order(row.name))


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


def sample_picture(dataset: Dataset, file_name: str) -> IO[bytes]:
    """A picture of samples, as PNG.

    Raises:
        ProductError: the data set has none such.
    """
    return _picture(dataset.prepared, file_name, "This data set has no such samples.")


def survey_picture(dataset: Dataset, file_name: str) -> IO[bytes]:
    """A picture of what was read.

    Raises:
        ProductError: there is none such.
    """
    return _picture(dataset.surveyed, file_name, "There is no such picture of this upload.")


def _picture(folder: str, file_name: str, else_: str) -> IO[bytes]:
    try:
        if folder:
            return opened(f"{folder}/{file_name}")
    except FileNotFoundError:
        pass
    raise ProductError(else_, "not_found")
