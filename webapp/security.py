"""Which WebSocket handshakes are let in."""

from typing import Any, Protocol
from urllib.parse import urlsplit

from channels.security.websocket import WebsocketDenier
from django.conf import settings
from django.http.request import split_domain_port, validate_host


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
