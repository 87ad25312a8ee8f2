"""What every endpoint asks of a request."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from rest_framework.request import Request
from rest_framework.serializers import Serializer

from webapp.errors import ProductError


def signed_in(request: Request) -> AbstractBaseUser:
    """The user: the API's default permission has let nobody else in."""
    assert isinstance(request.user, AbstractBaseUser)
    return request.user


def sent_fields(request: Request) -> Mapping[str, Any]:
    """What was sent, for a form: serializers refuse what is no object themselves."""
    if not isinstance(request.data, Mapping):
        raise ProductError("Send an object: names of fields with their values.")
    return request.data


def read(kind: type[Serializer[None]], data: Any) -> dict[str, Any]:
    """What was sent, checked."""
    serializer = kind(data=data)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)
