"""Accounts at /api/v1/: who am I, tokens, and users for administrators."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action, api_view
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import GenericViewSet

from webapp.accounts import selectors, services
from webapp.accounts.models import ApiToken, User
from webapp.accounts.serializers import (
    GivenPasswordSerializer,
    IssuedTokenSerializer,
    NewUserSerializer,
    TokenSerializer,
    UserChangeSerializer,
    UserSerializer,
)
from webapp.api.requests import read
from webapp.errors import ProductError


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI schema describes tokens. Such classes register themselves."""

    target_class = "webapp.accounts.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


class IsAdministrator(BasePermission):
    """For those who manage users."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return bool(request.user.is_superuser)


@extend_schema(responses=UserSerializer)
@api_view(["GET"])
def me(request: Request) -> Response:
    """The account that the token or the session belongs to."""
    return Response(UserSerializer(_user(request)).data)


class TokenViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[ApiToken]):
    """Your API tokens."""

    queryset = ApiToken.objects.none()
    serializer_class: type[BaseSerializer[ApiToken]] = TokenSerializer

    def get_queryset(self) -> QuerySet[ApiToken]:
        return selectors.tokens_of(_user(self.request))

    @extend_schema(request=TokenSerializer, responses={201: IssuedTokenSerializer})
    def create(self, request: Request) -> Response:
        """Make a token. Not with a token: one that leaked would outlive its being revoked."""
        if isinstance(request.auth, ApiToken):
            raise ProductError("Tokens are made by who has signed in, not by tokens.", "forbidden")
        given = read(TokenSerializer, request.data)
        token, secret = services.issue_token(
            _user(request), name=given["name"], expires_at=given.get("expires_at")
        )
        body = {**TokenSerializer(token).data, "secret": secret}
        return Response(body, status=status.HTTP_201_CREATED)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: int | None = None) -> Response:
        """Revoke a token. Its row stays, to be read."""
        services.revoke_token(self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)


class UserViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[User]):
    """Users, for administrators."""

    queryset = User.objects.none()
    serializer_class = UserSerializer
    permission_classes = (IsAdministrator,)

    def get_queryset(self) -> QuerySet[User]:
        return selectors.users_for(_user(self.request))

    @extend_schema(request=NewUserSerializer, responses={201: UserSerializer})
    def create(self, request: Request) -> Response:
        """Make an account for somebody else."""
        given = read(NewUserSerializer, request.data)
        user = services.create_user(**{"email": "", **given})
        return Response(UserSerializer(user).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=UserChangeSerializer, responses=UserSerializer)
    def partial_update(self, request: Request, pk: int | None = None) -> Response:
        """Change address, rights, or whether the account is active."""
        user = self.get_object()
        given = read(UserChangeSerializer, request.data)
        services.update_user(
            user,
            email=given.get("email", user.email),
            is_admin=given.get("is_admin", user.is_superuser),
            is_active=given.get("is_active", user.is_active),
        )
        return Response(UserSerializer(user).data)

    @extend_schema(request=GivenPasswordSerializer, responses={204: None})
    @action(detail=True, methods=["post"])
    def password(self, request: Request, pk: int | None = None) -> Response:
        """Give a user a new password, which ends their sessions; tokens stay."""
        user = self.get_object()
        given = read(GivenPasswordSerializer, request.data, of=user)
        services.set_password(user, given["password"])
        return Response(status=status.HTTP_204_NO_CONTENT)


def _user(request: Request) -> User:
    """The user who asks; nobody, where only the schema is drawn."""
    return request.user if isinstance(request.user, User) else User()
