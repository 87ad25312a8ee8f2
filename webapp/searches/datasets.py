"""Which data sets a search may use. No torch."""

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Q, QuerySet

from search_engine.errors import InvalidConfig
from webapp.datasets.models import Dataset
from webapp.state import State


def usable_datasets(user: AbstractBaseUser) -> QuerySet[Dataset]:
    """Those that are ready: built in, or the user's own."""
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
