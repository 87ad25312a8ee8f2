"""What pages, API and sockets read of final trainings: filtered by user first."""

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import QuerySet

from webapp.errors import ProductError
from webapp.final_trainings.models import FinalTraining
from webapp.searches.selectors import User, visible_searches


def visible_to(user: User) -> QuerySet[FinalTraining]:
    """Those of the user's searches, and of searches that others share with them."""
    searches = visible_searches(user).values("pk")
    found = FinalTraining.objects.filter(search__in=searches)
    return found.select_related("search__owner", "search__dataset", "trial", "compared_with")


def training_to_see(user: User, training_id: int) -> FinalTraining:
    """A final training that the user may look at. To strangers it does not exist."""
    found = visible_to(user).filter(pk=training_id).first()
    if found is None:
        raise ProductError(
            "There is no such final training, or it is not yours to see.", "not_found"
        )
    return found


def training_to_change(user: AbstractBaseUser, training_id: int) -> FinalTraining:
    """One of the user's own searches; those of shared ones may only be looked at."""
    found = training_to_see(user, training_id)
    if found.search.owner_id != user.pk:
        raise ProductError(
            "This final training is shared with you to look at, not to change.", "forbidden"
        )
    return found
