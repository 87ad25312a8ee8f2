"""Addresses of events below /api/v1/, and of sockets: of each kind of topic, and of each list."""

from django.urls import URLPattern, path, re_path

from webapp.live import registry
from webapp.live.api import events_view
from webapp.live.consumers import LiveConsumer
from webapp.live.registry import ListKind, TopicKind


def _socket(address: str, kind: TopicKind | ListKind) -> URLPattern:
    return re_path(address, LiveConsumer.as_asgi(kind=kind))  # type: ignore[arg-type]  # Channels calls it


endpoints = [
    path(
        f"{kind.path}/<int:{kind.id_name}>/events/",
        events_view(kind).as_view(),
        name=f"api_{kind.name}_events",
    )
    for kind in registry.topics()
]
sockets: list[URLPattern] = [
    *(_socket(rf"^ws/lists/{kind.path}/$", kind) for kind in registry.lists()),
    *(
        _socket(rf"^ws/{kind.path}/(?P<{kind.id_name}>[0-9]{{1,15}})/$", kind)
        for kind in registry.topics()
    ),
]
