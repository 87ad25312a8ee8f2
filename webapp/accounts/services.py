"""What is done about accounts: each function is one transaction."""

import base64
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from webapp.accounts.authentication import digest, new_secret, prefix
from webapp.accounts.models import ApiToken, Installation, User
from webapp.errors import ProductError

TAKEN = {
    "username": "There is a user with this name already.",
    "email": "There is a user with this e-mail address already.",
}


def is_set_up() -> bool:
    """Whether the first account was made, here or by `manage.py createsuperuser`."""
    return Installation.objects.exists() or User.objects.exists()


def set_up_code() -> str:
    """What the first account asks for from elsewhere than this machine; the start prints it.

    It follows from the secret key, so that all processes know it; once there is an account it opens
    nothing.
    """
    digest_ = salted_hmac("webapp.accounts.set_up", "first account", algorithm="sha256").digest()
    text = base64.b32encode(digest_).decode().lower()
    return "-".join(text[start : start + 4] for start in (0, 4, 8))


def set_up(*, username: str, email: str, password: str) -> User:
    """Make the first account, an administrator. Works once; of two at the same time, one wins."""
    closed = ProductError("Espalier is set up already. Sign in instead.", "conflict")
    if is_set_up():
        raise closed
    try:
        with transaction.atomic():
            Installation.objects.create()
            return User.objects.create_superuser(username, email, password)
    except IntegrityError as error:
        raise closed from error


def create_user(*, username: str, email: str, password: str, is_admin: bool) -> User:
    """Make an account for somebody else."""
    with _unlike_others(username=username, email=email):
        return User.objects.create_user(
            username, email, password, is_superuser=is_admin, is_staff=is_admin
        )


@transaction.atomic
def update_user(user: User, *, email: str, is_admin: bool, is_active: bool) -> None:
    """Change what an administrator may. Somebody must remain who can manage users."""
    admins = User.objects.select_for_update().filter(is_superuser=True, is_active=True)
    others = [admin for admin in admins if admin.pk != user.pk]
    if not others and not (is_admin and is_active):
        raise ProductError("This is the only administrator: appoint another first.", "conflict")
    with _unlike_others(email=email, apart=user.pk):
        _write(user, email=email, is_admin=is_admin, is_active=is_active)


@contextmanager
def _unlike_others(*, username: str = "", email: str = "", apart: int = 0) -> Iterator[None]:
    """Refuse names and addresses that somebody has, also where two ask for one at once."""
    taken = {
        field: TAKEN[field]
        for field, wanted in (("username", username), ("email", email))
        if wanted and _folded(wanted) in _others(field, apart)
    }
    if taken:
        raise ProductError(" ".join(taken.values()), fields=taken)
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        field = "email" if "email" in str(error) else "username"
        raise ProductError(TAKEN[field], fields={field: TAKEN[field]}) from error


def _others(field: str, apart: int) -> set[str]:
    rows = User.objects.exclude(pk=apart).values_list(field, flat=True)
    return {_folded(found) for found in rows}


def _folded(text: str) -> str:
    """Alike for what looks alike: other forms of letters, and other cases."""
    return unicodedata.normalize("NFKC", text).casefold()


def _write(user: User, *, email: str, is_admin: bool, is_active: bool) -> None:
    user.email = email
    user.is_superuser = user.is_staff = is_admin
    user.is_active = is_active
    user.save(update_fields=["email", "is_superuser", "is_staff", "is_active"])


def set_password(user: User, password: str) -> None:
    """A new password ends the user's sessions elsewhere; tokens stay until they are revoked."""
    user.set_password(password)
    user.save(update_fields=["password"])


def issue_token(user: User, *, name: str, expires_at: datetime | None) -> tuple[ApiToken, str]:
    """A new token with its secret, which nobody can look up later."""
    secret = new_secret()
    token = ApiToken.objects.create(
        user=user, name=name, prefix=prefix(secret), digest=digest(secret), expires_at=expires_at
    )
    return token, secret


def revoke_token(token: ApiToken) -> None:
    """It opens nothing from now on; the row stays, to be read. Revoking twice changes nothing."""
    ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())
