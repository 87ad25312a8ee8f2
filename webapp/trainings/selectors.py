"""What pages, API and sockets read of trainings: filtered by user first."""

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import QuerySet

from webapp.errors import one_of, refuse_strangers
from webapp.searches.selectors import User, visible_searches
from webapp.trainings.models import Purpose, Training


def visible_to(user: User) -> QuerySet[Training]:
    """The trainings of the user's searches, and of searches that others share with them."""
    related = ("search__owner", "search__dataset", "trial", "compared_with")
    found = Training.objects.filter(search__in=visible_searches(user).values("pk"))
    return found.select_related(*related)


def final_trainings(user: User) -> QuerySet[Training]:
    """Trainings as lists show them, the newest first, without those of start networks."""
    found = visible_to(user).exclude(purpose=Purpose.START)
    return found.order_by("-created_at", "-pk")


def training_to_see(user: User, training_id: int) -> Training:
    """A training that the user may look at. To strangers it does not exist."""
    return one_of(visible_to(user), "training", pk=training_id)


def training_to_change(user: AbstractBaseUser, training_id: int) -> Training:
    """One of the user's own searches; those of shared ones may only be looked at."""
    found = training_to_see(user, training_id)
    refuse_strangers("training", own=found.search.owner_id == user.pk)
    return found
