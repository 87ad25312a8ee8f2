"""What pages, API and sockets read of searches: filtered by user first."""

import json

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from webapp.checkpoints.models import Checkpoint, Origin
from webapp.errors import ProductError
from webapp.searches.models import Search, SearchEvent, Trial

User = AbstractBaseUser | AnonymousUser


def visible_searches(user: User) -> QuerySet[Search]:
    """Those of the user, and those that others share with them."""
    if not user.is_authenticated:
        return Search.objects.none()
    shared = Q(pk__in=Search.objects.filter(shares__user_id=user.pk).values("pk"))
    return Search.objects.filter(Q(owner_id=user.pk) | shared).select_related("owner", "dataset")


def tagged(searches: QuerySet[Search], tag: str) -> QuerySet[Search]:
    """Those that have the tag."""
    if connection.features.supports_json_field_contains:
        return searches.filter(tags__contains=[tag])
    # SQLite: the array as text, in which a tag stands as JSON writes it.
    return searches.annotate(tags_text=Cast("tags", TextField())).filter(
        tags_text__contains=json.dumps(tag)
    )


def search_to_see(user: User, search_id: int) -> Search:
    """A search that the user may look at. To strangers it does not exist."""
    search = visible_searches(user).filter(pk=search_id).first()
    if search is None:
        raise _nothing("search")
    return search


def search_to_change(user: User, search_id: int) -> Search:
    """A search that is the user's own; shared ones may only be looked at."""
    search = search_to_see(user, search_id)
    if search.owner_id != user.pk:
        raise ProductError("This search is shared with you to look at, not to change.", "forbidden")
    return search


def trial_to_see(user: User, search_id: int, number: int) -> Trial:
    search = search_to_see(user, search_id)
    trial = search.trials.select_related("checkpoint").filter(number=number).first()
    if trial is None:
        raise _nothing("trial")
    return trial


def events_after(search: Search, after: int, limit: int) -> list[SearchEvent]:
    """The next events after a sequence, in order."""
    return list(search.events.filter(sequence__gt=after).order_by("sequence")[:limit])


def best_checkpoint(search: Search) -> Checkpoint | None:
    """Of the best trial that has one: the best one was stopped early if it has none."""
    kept = search.checkpoints.filter(origin=Origin.TRIAL).select_related("trial")
    return kept.order_by("-trial__reward", "trial__number").first()


def _nothing(what: str) -> ProductError:
    return ProductError(f"There is no such {what}, or it is not yours to see.", "not_found")
