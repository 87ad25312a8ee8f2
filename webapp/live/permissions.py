"""Who may watch: which handshakes are let in, and who may go on, asked for every open socket.

It takes a fixed number of queries, however many sockets there are.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit

from channels.security.websocket import WebsocketDenier
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.sessions.models import Session
from django.http.request import split_domain_port, validate_host
from django.utils import timezone

from webapp.live import registry
from webapp.live.topics import Topic

SIGNED_OUT, NOT_FOUND = 4401, 4404
"""Codes that sockets are closed with; what is not there and what is not yours are the same."""


class Key(NamedTuple):
    """Who watches what, and under which session; a list, in which all see their own, is None."""

    topic: Topic | None
    user_id: int
    session_key: str


class Verdict(NamedTuple):
    """The code of a refusal, 0 where there is none; and whether they may change what they see."""

    code: int = 0
    owns: bool = False


def judge(asked: Iterable[Key]) -> Mapping[Key, Verdict]:
    """Whether each may watch, now."""
    keys = list(asked)
    signed_in = _signed_in({key.session_key for key in keys}, {key.user_id for key in keys})
    readers = _readers(keys)
    verdicts: dict[Key, Verdict] = {}
    for key in keys:
        if signed_in.get(key.session_key) != key.user_id:
            verdicts[key] = Verdict(SIGNED_OUT)
        elif key.topic is None:
            verdicts[key] = Verdict()
        elif (key.topic, key.user_id) in readers:
            verdicts[key] = Verdict(owns=readers[key.topic, key.user_id])
        else:
            verdicts[key] = Verdict(NOT_FOUND)
    return verdicts


def _readers(keys: Iterable[Key]) -> dict[tuple[Topic, int], bool]:
    ids: dict[str, set[int]] = defaultdict(set)
    users: dict[str, set[int]] = defaultdict(set)
    for topic, user_id, _ in keys:
        if topic is not None:
            ids[topic.kind].add(topic.id)
            users[topic.kind].add(user_id)
    return {
        (Topic(kind, pk), user_id): owns
        for kind in ids
        for (pk, user_id), owns in registry.find(kind).readers(ids[kind], users[kind]).items()
    }


def _signed_in(session_keys: set[str], user_ids: set[int]) -> dict[str, int]:
    """Who is signed in under which session: it is there, and the password is still the same."""
    users = get_user_model().objects.filter(pk__in=user_ids, is_active=True).in_bulk()
    sessions = Session.objects.filter(session_key__in=session_keys, expire_date__gt=timezone.now())
    found: dict[str, int] = {}
    for session in sessions:
        data = session.get_decoded()
        user = users.get(int(data.get(SESSION_KEY, 0)))
        if user is not None and user.get_session_auth_hash() == data.get(HASH_SESSION_KEY):
            found[session.session_key] = user.pk
    return found


class AsgiApplication(Protocol):
    """Something that answers an ASGI connection."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any: ...


class SameOriginSockets:
    """Refuses a socket whose Host is not ours, or that a page of another origin opens.

    Cookies go to every port of a host, so a page from another port would come in as its reader.
    A handshake without Origin is let in: browsers always send one, and others carry no cookies
    that they were not given.
    """

    def __init__(self, application: AsgiApplication) -> None:
        self.application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        application = self.application if is_same_origin(scope) else WebsocketDenier.as_asgi()
        return await application(scope, receive, send)


def is_same_origin(scope: Any) -> bool:
    headers = {name.lower(): value.decode("latin1") for name, value in scope.get("headers", [])}
    host = headers.get(b"host", "")
    origin = headers.get(b"origin")
    if origin is None:
        return not host or _is_ours(host)
    return _is_ours(host) and urlsplit(origin).netloc.lower() == host.lower()


def _is_ours(host: str) -> bool:
    domain, _port = split_domain_port(host)
    return bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS)
