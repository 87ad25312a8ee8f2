"""A user who leaves: what of theirs is there, and how it is deleted with them."""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import ProtectedError, QuerySet

from webapp.accounts.models import User
from webapp.adopted.models import AdoptedNetwork
from webapp.checkpoints import files
from webapp.checkpoints.models import Checkpoint
from webapp.datasets.files import dataset_folder
from webapp.datasets.models import Dataset
from webapp.searches.models import Search
from webapp.storage.folders import stored_bytes
from webapp.trainings import folders
from webapp.trainings.models import Training


class CannotLeave(Exception):
    """The sentence says what is in the way."""


@dataclass(frozen=True)
class Kept:
    """What of a user's is there.

    Args:
        searches: how many.
        datasets: of their own.
        checkpoints: of searches and others.
        bytes: of all files, which deleting the user frees.
    """

    searches: int
    datasets: int
    checkpoints: int
    bytes: int


def kept_of(user: User) -> Kept:
    """What is deleted with a user."""
    searches, datasets = Search.objects.filter(owner=user), Dataset.objects.filter(owner=user)
    checkpoints = Checkpoint.objects.filter(owner=user)
    places = [
        *map(files.search_folder, _ids(searches)),
        *checkpoints.filter(search__isnull=True).values_list("folder", flat=True),
        *(network.folder for network in AdoptedNetwork.objects.filter(owner=user)),
        *map(dataset_folder, _ids(datasets)),
    ]
    trainings = Training.objects.filter(search__in=searches)
    total = stored_bytes(*places) + folders.left_bytes(_ids(trainings))
    return Kept(searches.count(), datasets.count(), checkpoints.count(), total)


def delete(user: User) -> None:
    """Delete a user with all that is theirs. Work that is under way notices, and ends.

    Raises:
        CannotLeave: nobody could manage users any more, or somebody else needs what is theirs.
    """
    others = User.objects.filter(is_superuser=True, is_active=True).exclude(pk=user.pk)
    if user.is_superuser and not others.exists():
        raise CannotLeave(f"{user.username} is the last administrator: make another first.")
    try:
        with transaction.atomic():
            Search.objects.filter(owner=user).delete()  # before the data sets that they protect
            user.delete()
    except ProtectedError as error:
        named = ", ".join(sorted(f"“{one}”" for one in error.protected_objects))
        raise CannotLeave(f"Others use what {user.username} has: {named}.") from error


def _ids(rows: "QuerySet[Search] | QuerySet[Dataset] | QuerySet[Training]") -> list[int]:
    return list(rows.values_list("pk", flat=True))
