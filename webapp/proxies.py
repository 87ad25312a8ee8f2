"""What stands before this server: whose word counts, and what is said where something is missing.

`X-Forwarded-For` and `-Proto` count from ESPALIER_TRUSTED_PROXIES alone, from nobody else, and not
from this machine either: whoever could write them could guess passwords under a new address each
time.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from ipaddress import ip_address
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponsePermanentRedirect
from django.middleware.csrf import REASON_BAD_ORIGIN, REASON_NO_CSRF_COOKIE
from django.middleware.security import SecurityMiddleware
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from webapp.errors import REFUSAL, ProductError

Scope = MutableMapping[str, Any]
App = Callable[[Any, Any, Any], Awaitable[Any]]

PEER: Final = "espalier.peer"
"""Where a scope has the address that the connection is from, and whether that is trusted."""
TRUSTED: Final = "ESPALIER_TRUSTED_PROXIES"
FORWARDED: Final = ("X-Forwarded-For", "X-Forwarded-Host", "Forwarded", "X-Real-IP", "Via")
"""What proxies add, each some of it."""
LOCAL_HOSTS: Final = ("localhost", "127.0.0.1", "[::1]")


class TrustedProxies:
    """Wraps an ASGI application: the client's address and scheme, as trusted proxies say them."""

    def __init__(self, app: App) -> None:
        self.app = app
        judge: Any = self._judge
        self._believing: Any = ProxyHeadersMiddleware(judge, settings.TRUSTED_PROXIES)

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        peer = (scope.get("client") or ("",))[0]
        is_trusted = peer in self._believing.trusted_hosts
        scope = {**scope, PEER: (peer, is_trusted)}
        await (self._believing if is_trusted else self._judge)(scope, receive, send)

    async def _judge(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and (error := _strange(scope)):
            scope = {**scope, REFUSAL: error}
        await self.app(scope, receive, send)


def _strange(scope: Scope) -> ProductError | None:
    """What makes a request impossible to answer rightly, wherever it is for."""
    client = (scope.get("client") or ("",))[0]
    if client and not _is_address(client):
        reason = f"expected addresses with commas between, got {client[:60]!r}"
        name = "X-Forwarded-For"
        return ProductError(f"{name}: {reason}.", fields={name: reason})
    headers = dict(scope["headers"])
    prefix = scope.get("root_path") or headers.get(b"x-forwarded-prefix", b"").decode("latin1")
    if prefix.strip("/"):
        return ProductError(
            f"Espalier was asked for below {prefix[:60]}, and can only be at the top of a host:"
            " give it a name of its own, such as espalier.example.org.",
            "unavailable",
        )
    return None


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def is_local(request: HttpRequest) -> bool:
    """Whether it comes from this machine, to this machine, through nothing between."""
    address, host = request.META.get("REMOTE_ADDR", ""), request.get_host().rpartition(":")
    name = host[0] if host[0] and host[2].isdecimal() else request.get_host()
    is_direct = not any(header in request.headers for header in FORWARDED)
    return is_direct and name in LOCAL_HOSTS and _is_address(address) and _is_loopback(address)


def _is_loopback(address: str) -> bool:
    return ip_address(address).is_loopback


class HttpsMiddleware(SecurityMiddleware):
    """Sends browsers to HTTPS; where they would only come back here, says what is missing."""

    def process_request(self, request: HttpRequest) -> HttpResponsePermanentRedirect | None:
        answer = super().process_request(request)
        if answer is None or not (missing := missing_for_https(request)):
            return answer
        request.META[REFUSAL] = ProductError(missing, "unavailable")
        return None


def missing_for_start() -> str:
    """Why nobody could use what is about to start, and what to do; empty where all is well."""
    if not settings.HTTPS or settings.TRUSTED_PROXIES:
        return ""
    why = (
        f"ESPALIER_HOST={settings.HOST} lets other machines in"
        if settings.PUBLISHED
        else ("ESPALIER_HTTPS is on")
    )
    return (
        f"{why}, and without HTTPS passwords could be read on their way. Put a proxy that speaks"
        f" HTTPS before it and name its address in {TRUSTED}; or set ESPALIER_HTTPS=off in a"
        " network where you trust everybody; or leave ESPALIER_HOST at 127.0.0.1 and come through"
        f" a tunnel: ssh -L {settings.PORT}:localhost:{settings.PORT} THIS-MACHINE"
    )


def missing_for_https(request: HttpRequest) -> str:
    """Why no request can come in by HTTPS; empty where the browser has only to ask by it."""
    usual = (request.META.get("REMOTE_ADDR", ""), False)
    peer, is_trusted = getattr(request, "scope", {}).get(PEER, usual)
    says_scheme = "X-Forwarded-Proto" in request.headers
    if is_trusted and not says_scheme:
        return (
            f"The proxy at {peer} does not say whether browsers reach it by HTTPS: have it send"
            " X-Forwarded-Proto."
        )
    if says_scheme and not is_trusted:
        return (
            f"A proxy at {peer} passed this on, and Espalier does not believe it: name its address"
            f" in {TRUSTED}."
        )
    if not settings.TRUSTED_PROXIES:
        return (
            "Espalier is to be reached by HTTPS, and knows no proxy that speaks it: name its"
            f" address in {TRUSTED}, or set ESPALIER_HTTPS=off where nobody else can reach it."
        )
    return ""


def why_not_from_there(request: HttpRequest, reason: str) -> tuple[str, str]:
    """Why a form was refused: a title, and what to do."""
    origin = request.headers.get("Origin", "")
    if reason.startswith(REASON_BAD_ORIGIN.partition("%")[0]):
        if origin == "null":
            return "Your browser does not say where this comes from", (
                "It sent “Origin: null”, as it does from files, from frames, and where an extension"
                " hides addresses. Open Espalier in a tab of its own, and send it again."
            )
        own = f"{request.scheme}://{request.get_host()}"
        return "This comes from another address", (
            f"It was sent from {origin[:200]}, and Espalier was asked as {own}. If {origin[:200]}"
            " is where you opened it, a proxy hides that: it must pass Host and X-Forwarded-Proto"
            f" on, and {TRUSTED} must name it."
        )
    if reason == REASON_NO_CSRF_COOKIE:
        return "Your browser sent no cookie", (
            "Without one nobody can sign in. Allow cookies for this address, reload the page, and"
            " send it again."
        )
    return "This page was open for too long", (
        "For your safety nothing was done. Go back, reload the page, and send it again."
    )
