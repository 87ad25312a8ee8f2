"""Which topics and lists people may watch: each app registers its own when Django starts."""

from collections.abc import Callable, Hashable, Mapping, Set
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.contrib.auth import get_user_model
from django.db import models, transaction
from django.db.models.signals import post_delete

from webapp.live import log
from webapp.live.topics import USER, Topic

Readers = Callable[[Set[int], Set[int]], Mapping[tuple[int, int], bool]]
"""Takes ids and users; gives the pairs of an id and a user who may watch it, each with whether they
may change it, too. It makes a fixed number of queries."""


@dataclass(frozen=True, kw_only=True)
class TopicKind:
    """Topics of one kind.

    Args:
        name: such as `search`, as the rows of logs say it.
        path: such as `searches`, as addresses say it.
        id_name: such as `search_id`, what the address's number is called.
        rows: the model; with a row its log is deleted.
        present: what every frame says beside its events: the state, and what somebody may do now
            who may change it, or who may only look.
    """

    name: str
    path: str
    id_name: str
    rows: type[models.Model]
    readers: Readers
    present: Callable[[int, bool], Mapping[str, Any]]

    def topic(self, pk: int) -> Topic:
        return Topic(self.name, pk)

    def owns(self, pk: int, user_id: int) -> bool | None:
        """Whether a user may change it; None where it is not there, or not theirs to see."""
        return self.readers({pk}, {user_id}).get((pk, user_id))


@dataclass(frozen=True, kw_only=True)
class ListKind:
    """A list whose page hears which of its rows have changed.

    Args:
        path: such as `final-trainings`, as the address says it.
        part: what stands in the list, as kinds of events begin: `final_training`.
        topic: the kind of topic whose logs tell of it.
        state: of a list without a log: what is compared once a second; another value is a change.
    """

    path: str
    part: str = ""
    topic: TopicKind | None = None
    state: Callable[[], Hashable] | None = None

    @property
    def is_whole(self) -> bool:
        """Whether a log tells of one row of the list, and of no other."""
        return self.topic is not None and self.topic.name == self.part


_topics: dict[str, TopicKind] = {}
_lists: dict[str, ListKind] = {}


def register(kind: TopicKind) -> None:
    """Let a kind of topic be watched, and listed under its own path."""
    _topics[kind.name] = kind
    register_list(ListKind(path=kind.path, part=kind.name, topic=kind))
    post_delete.connect(partial(_deleted, kind), kind.rows, weak=False, dispatch_uid=kind.name)


def register_list(kind: ListKind) -> None:
    """Let a list be watched."""
    _lists[kind.path] = kind


def topics() -> list[TopicKind]:
    return list(_topics.values())


def lists() -> list[ListKind]:
    return list(_lists.values())


def tell_user(user_id: int, kind: str, pk: int) -> None:
    """Something has come into a user's lists, or has gone: `search.shared` and the search's id.

    In a transaction of its own: whoever has another log locked must not wait for this one.
    """
    transaction.on_commit(partial(_tell_user, user_id, kind, pk), robust=True)


def _tell_user(user_id: int, kind: str, pk: int) -> None:
    if get_user_model().objects.filter(pk=user_id).exists():
        log.append(Topic(USER, user_id), kind, {"id": pk})


def find(name: str) -> TopicKind:
    """The kind of this name.

    Raises:
        KeyError: there is none.
    """
    return _topics[name]


def _deleted(kind: TopicKind, instance: models.Model, origin: Any = None, **_: Any) -> None:
    """With a row its log goes; whoever had it in a list hears of it in their own log."""
    log.delete(kind.topic(instance.pk))
    owner: int | None = getattr(instance, "owner_id", None)
    if owner is not None and origin is instance:
        tell_user(owner, f"{kind.name}.deleted", instance.pk)
