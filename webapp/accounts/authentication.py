"""Who a request is from: a user, or a program that sends `Authorization: Bearer esp_…`."""

import hashlib
import secrets
from datetime import timedelta

from django.http import HttpRequest
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from webapp.accounts.models import ApiToken, User

SCHEME = "esp_"
PREFIX_LENGTH = len(SCHEME) + 6
KEYWORDS = (b"bearer", b"token")
REFUSED = "This token is not valid: it may have been revoked, or has expired."


class UserRequest(HttpRequest):
    """What a page gets behind LoginRequiredMiddleware. A type only: no such object is made."""

    user: User


class TokenAuthentication(BaseAuthentication):
    """Finds the user by the hash of the token that was sent."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() not in KEYWORDS:
            return None
        if len(parts) != 2:
            raise AuthenticationFailed("Send the token as `Authorization: Bearer <token>`.")
        token = user_token(parts[1].decode("latin1"))
        if token is None:
            raise AuthenticationFailed(REFUSED)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def user_token(secret: str) -> ApiToken | None:
    """The valid token of an active user that has this secret, marked as used."""
    now = timezone.now()
    token = ApiToken.objects.select_related("user").filter(digest=digest(secret)).first()
    if token is None or not token.is_valid_at(now) or not token.user.is_active:
        return None
    # Once a minute is exact enough, and spares a write for every request.
    if token.last_used_at is None or now - token.last_used_at > timedelta(minutes=1):
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return token


def new_secret() -> str:
    """256 random bits. `esp_` lets scanners of source code recognise one that leaked."""
    return SCHEME + secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """SHA-256 is enough: a slow hash protects words that can be guessed, and this cannot be."""
    return hashlib.sha256(secret.encode()).hexdigest()


def prefix(secret: str) -> str:
    """The part that the page shows, by which its owner tells tokens apart."""
    return secret[:PREFIX_LENGTH]
