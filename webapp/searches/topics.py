"""Searches as topics: who may watch one, what its page is told, and whom a share concerns."""

from collections.abc import Mapping, Set
from typing import Any

from django.db.models.signals import post_delete, post_save

from webapp.checkpoints.models import Origin
from webapp.live import registry
from webapp.live.registry import TopicKind
from webapp.searches.json.searches import can_json
from webapp.searches.models import Search, Share


def readers(ids: Set[int], users: Set[int]) -> Mapping[tuple[int, int], bool]:
    """The owner, and those whom a search is shared with."""
    shares = Share.objects.filter(search__in=ids, user__in=users)
    shared = dict.fromkeys(shares.values_list("search_id", "user_id"), False)
    owners = Search.objects.filter(pk__in=ids, owner__in=users)
    return shared | dict.fromkeys(owners.values_list("pk", "owner_id"), True)


def present(search_id: int, owns: bool) -> Mapping[str, Any]:
    search = Search.objects.defer("config", "best_history").filter(pk=search_id).first()
    if search is None:
        return {}
    kept = search.checkpoints.filter(origin=Origin.TRIAL).exists()
    return {"search_state": search.state, "can": can_json(search, own=owns, kept=kept)}


SEARCH = TopicKind(
    name="search",
    path="searches",
    id_name="search_id",
    rows=Search,
    readers=readers,
    present=present,
)


def register() -> None:
    registry.register(SEARCH)
    post_save.connect(_shared, Share, dispatch_uid="search_shared")
    post_delete.connect(_shared, Share, dispatch_uid="search_unshared")


def _shared(instance: Share, **_: Any) -> None:
    """What a user may see has changed, and so have their lists."""
    registry.tell_user(instance.user_id, "search.shared", instance.search_id)
