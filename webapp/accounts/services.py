"""What is done about accounts: each function is one transaction."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from webapp.accounts.models import ApiToken, Installation, User
from webapp.accounts.secrets import digest, new_secret, prefix
from webapp.errors import ProductError


def is_set_up() -> bool:
    """Whether the first account was made, here or by `manage.py createsuperuser`."""
    return Installation.objects.exists() or User.objects.exists()


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
