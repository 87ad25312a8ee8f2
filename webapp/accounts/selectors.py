"""What pages and API read, filtered by user first."""

from django.db.models import Count, Q, QuerySet

from webapp.accounts.models import ApiToken, User


def tokens_of(user: User) -> QuerySet[ApiToken]:
    return ApiToken.objects.filter(user=user)


def users_for(user: User) -> QuerySet[User]:
    """All users for an administrator, nobody for others."""
    if not user.is_superuser:
        return User.objects.none()
    valid = Count("tokens", filter=Q(tokens__revoked_at=None))
    return User.objects.annotate(valid_tokens=valid).order_by("username")
