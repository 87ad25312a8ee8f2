"""What a request may send, judged before a byte of it is kept: by whom, how much, and how fast.

Django's ASGI handler writes a whole body to a temporary file before any view can refuse it. So this
stands before it: who has not signed in may send what a form needs, an upload must fit into its
user's quota, and a body that trickles in is given up.
"""

import asyncio
import io
import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.auth import get_user
from django.core.handlers.asgi import ASGIRequest
from rest_framework.exceptions import AuthenticationFailed

from webapp.accounts import quota
from webapp.accounts.authentication import TokenAuthentication
from webapp.datasets.files import upload_limit_bytes
from webapp.datasets.uploads import FORM_BYTES, shown_size, too_large
from webapp.errors import REFUSAL, ProductError

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[Any]]

ANYBODY_BYTES: Final = 64 << 10
"""Enough for every form that is there before somebody has signed in."""
OTHERS_BYTES: Final = 16 << 20
"""The most for whatever is no upload."""
GRACE_SECONDS: Final = 30.0
LOWEST_BYTES_A_SECOND: Final = 16 << 10
DRAIN_SECONDS: Final = 5.0
"""How long a refused body is read and thrown away: who is cut off in it reads no answer."""
UPLOADS: Final = (
    "/datasets/upload/",
    "/api/v1/datasets/",
    "/start-networks/",
    "/api/v1/start-networks/",
)
PICTURE: Final = re.compile(r"/api/v1/checkpoints/\d+/picture/")
PICTURE_BYTES: Final = 64 << 20
NOBODY = "Sign in first: nobody else may send as much."
TOO_SLOW = "This took too long to arrive. Send it again over a faster connection."


class BodyGuard:
    """Wraps an ASGI application, which answers every refusal in the shape of all others."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        declared = _declared(scope)
        if declared == 0:
            await self.app(scope, receive, send)
            return
        if REFUSAL in scope:
            await self._refuse(scope[REFUSAL], scope, receive, send)
            return
        try:
            body = await _admitted(scope, receive, declared)
        except ProductError as refusal:
            await self._refuse(refusal, scope, receive, send)
            return
        try:
            with quota.incoming(body.user_id, declared or 0):
                await self.app(scope, body.receive, send)
        except BodyRefused as refused:
            await self._refuse(refused.error, scope, None if body.is_over else receive, send)

    async def _refuse(
        self, refusal: ProductError, scope: Message, rest: Receive | None, send: Send
    ) -> None:
        """Have the application answer with the refusal; the rest of the body is thrown away."""
        was_asked = False

        async def nothing() -> Message:
            nonlocal was_asked
            if was_asked:  # whether the client is still there, which the answer's sending tells
                await asyncio.Event().wait()
            was_asked = True
            return {"type": "http.request", "body": b"", "more_body": False}

        async def last(message: Message) -> None:
            """The answer, after which the connection is closed; its end waits for the body's."""
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"connection", b"close")]
            elif not message.get("more_body") and rest is not None:
                await send({**message, "more_body": True})
                await _drain(rest)
                message = {"type": "http.response.body", "body": b""}
            await send(message)

        await self.app({**scope, REFUSAL: refusal}, nothing, last)


class BodyRefused(Exception):
    """Raised out of the application while it reads, before it can have answered."""

    def __init__(self, error: ProductError) -> None:
        super().__init__(error.message)
        self.error = error


@dataclass
class Body:
    """A body on its way.

    Args:
        user_id: whose it is; None where it is so small that nobody asks.
    """

    incoming: Receive
    limit: int
    refusal: ProductError
    user_id: int | None = None

    def __post_init__(self) -> None:
        self._began, self._received = time.monotonic(), 0
        self.is_over = False

    async def receive(self) -> Message:
        """The next part, unless it is late or too much."""
        if self.is_over:  # what comes now says whether somebody still waits for the answer
            return await self.incoming()
        left = self._left_seconds()
        try:
            if left <= 0:
                raise TimeoutError
            async with asyncio.timeout(left):
                message = await self.incoming()
        except TimeoutError:
            self.is_over = True
            raise BodyRefused(ProductError(TOO_SLOW, "too_slow")) from None
        self._received += len(message.get("body", b""))
        self.is_over = not message.get("more_body", False)
        if self._received > self.limit:
            raise BodyRefused(self.refusal)
        return message

    def _left_seconds(self) -> float:
        slowest = GRACE_SECONDS + self._received / LOWEST_BYTES_A_SECOND
        return self._began + min(slowest, settings.UPLOAD_SECONDS) - time.monotonic()


def _declared(scope: Message) -> int | None:
    """Bytes that the headers announce; None where they do not say how many, or say nonsense."""
    headers = dict(scope.get("headers", ()))
    if b"transfer-encoding" in headers:
        return None
    length = headers.get(b"content-length", b"0")
    return int(length) if length.isdigit() and len(length) < 19 else None


async def _admitted(scope: Message, receive: Receive, declared: int | None) -> Body:
    """The body, of which nothing has been read.

    Raises:
        ProductError: who sends it may not, it is too large, or the quota is used up.
    """
    is_upload = scope["path"] in UPLOADS
    most = PICTURE_BYTES if PICTURE.fullmatch(scope["path"]) else OTHERS_BYTES
    limit = most + FORM_BYTES
    refusal = ProductError(f"More than {shown_size(most)} are too much here.", "too_large")
    if is_upload:
        limit, refusal = upload_limit_bytes() + FORM_BYTES, too_large(upload_limit_bytes())
    if declared is not None and declared <= ANYBODY_BYTES:
        return Body(receive, ANYBODY_BYTES, refusal)
    user_id = await _user_id(scope)
    if user_id is None:
        raise ProductError(NOBODY, "not_signed_in")
    if declared is not None and declared > limit:
        raise refusal
    if is_upload:
        left = await database_sync_to_async(quota.check)(user_id, declared or 0)
        if left is not None and declared is None and left < limit:
            limit, refusal = left, ProductError(quota.SMALLER, "over_quota")
    return Body(receive, limit, refusal, user_id)


@database_sync_to_async
def _user_id(scope: Message) -> int | None:
    """Who sends it: by token, or by session."""
    request = ASGIRequest(dict(scope), io.BytesIO())
    try:
        found = TokenAuthentication().authenticate(request)  # type: ignore[arg-type]  # reads META
    except AuthenticationFailed as error:
        raise ProductError(str(error.detail), "not_signed_in") from None
    if found is not None:
        return found[0].pk
    store = import_module(settings.SESSION_ENGINE).SessionStore
    request.session = store(request.COOKIES.get(settings.SESSION_COOKIE_NAME))
    return get_user(request).pk


async def _drain(receive: Receive) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_SECONDS):
            while (message := await receive())["type"] == "http.request" and message["more_body"]:
                pass
