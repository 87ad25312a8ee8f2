"""Users, and the tokens with which their programs come in."""

from datetime import datetime
from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone


class User(AbstractUser):
    """An account. Names and e-mail addresses are unique, whatever the case of their letters."""

    class Meta(AbstractUser.Meta):
        """One account for a name, and for an address where it has one."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                Lower("username"),
                name="accounts_user_name_unique",
                violation_error_message="There is a user with this name already.",
            ),
            models.UniqueConstraint(
                Lower("email"),
                condition=~Q(email=""),
                name="accounts_user_email_unique",
                violation_error_message="There is a user with this e-mail address already.",
            ),
        ]

    @property
    def initials(self) -> str:
        """One or two letters, for the round button."""
        parts = self.get_full_name().split() or [self.username]
        letters = parts[0][:2] if len(parts) == 1 else parts[0][0] + parts[-1][0]
        return letters.upper()


class Installation(models.Model):
    """One row, made with the first account: while it is there, the set-up page stays closed."""

    ONLY = 1
    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY)
    set_up_at = models.DateTimeField(default=timezone.now)

    class Meta:
        """A second row cannot be."""

        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(id=1), name="accounts_installation_only_one")
        ]

    def __str__(self) -> str:
        return f"set up at {self.set_up_at:%Y-%m-%d %H:%M}"


class ApiToken(models.Model):
    """A secret that a program sends instead of signing in. Only its hash is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """The newest first."""

        ordering = ("-created_at", "-pk")

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    def is_valid_at(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    @property
    def is_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()
