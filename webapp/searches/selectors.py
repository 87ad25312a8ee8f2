"""What pages, API and sockets read of searches: filtered by user first."""

import json

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from search_engine.spec.trial import Role
from webapp.checkpoints.models import Checkpoint, Origin
from webapp.errors import one_of, refuse_strangers
from webapp.searches.models import Search, Trial

User = AbstractBaseUser | AnonymousUser


def visible_searches(user: User) -> QuerySet[Search]:
    """The user's searches, and those that others share with them."""
    if not user.is_authenticated:
        return Search.objects.none()
    shared = Q(pk__in=Search.objects.filter(shares__user_id=user.pk).values("pk"))
    return Search.objects.filter(Q(owner_id=user.pk) | shared).select_related(
        "owner", "dataset", "compared"
    )


def tagged(searches: QuerySet[Search], tag: str) -> QuerySet[Search]:
    """The searches that have the tag."""
    if connection.features.supports_json_field_contains:
        return searches.filter(tags__contains=[tag])
    # SQLite: the array as text, in which a tag stands as JSON writes it.
    return searches.annotate(tags_text=Cast("tags", TextField())).filter(
        tags_text__contains=json.dumps(tag)
    )


def search_to_see(user: User, search_id: int) -> Search:
    """A search that the user may look at. To strangers it does not exist."""
    return one_of(visible_searches(user), "search", pk=search_id)


def search_to_change(user: User, search_id: int) -> Search:
    """A search that is the user's own; shared ones may only be looked at."""
    search = search_to_see(user, search_id)
    refuse_strangers("search", own=search.owner_id == user.pk)
    return search


def trial_to_see(user: User, search_id: int, number: int) -> Trial:
    search = search_to_see(user, search_id)
    return one_of(search.trials.select_related("checkpoint"), "trial", number=number)


def best_checkpoint(search: Search) -> Checkpoint | None:
    """The winner's once it is confirmed; before, of the best child that has one: the best one was
    stopped early if it has none."""
    kept = search.checkpoints.filter(origin=Origin.TRIAL).select_related("trial")
    if search.comparison is not None:
        winner = kept.filter(trial__number=search.comparison["winner"]["trial"]).first()
        if winner is not None:
            return winner
    best = kept.filter(trial__role=Role.CHILD)
    return best.order_by("-trial__reward", "trial__number").first()
