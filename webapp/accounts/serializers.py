"""What the API says about accounts, and what it takes."""

from datetime import datetime
from typing import Any, ClassVar

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils import timezone
from rest_framework import serializers

from webapp.accounts.models import ApiToken, User

SHOWN_ONCE = "The secret. It is shown this once: only its hash is kept."


class UserSerializer(serializers.ModelSerializer[User]):
    """An account, as its owner and administrators see it."""

    is_admin = serializers.BooleanField(source="is_superuser")

    class Meta:
        model = User
        fields = ("id", "username", "email", "is_admin", "is_active", "date_joined", "last_login")
        read_only_fields = ("id", "username", "date_joined", "last_login")


class UserChangeSerializer(serializers.Serializer[User]):
    """What an administrator may change."""

    email = serializers.EmailField(required=False, allow_blank=True)
    is_admin = serializers.BooleanField(required=False)
    is_active = serializers.BooleanField(required=False)


class NewUserSerializer(serializers.ModelSerializer[User]):
    """A new account, made by an administrator."""

    password = serializers.CharField(write_only=True, trim_whitespace=False)
    is_admin = serializers.BooleanField(default=False)

    class Meta:
        model = User
        fields = ("username", "email", "password", "is_admin")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        person = User(username=attrs["username"], email=attrs.get("email", ""))
        try:
            validate_password(attrs["password"], person)
        except ValidationError as error:
            raise serializers.ValidationError({"password": error.messages}) from error
        return attrs


class GivenPasswordSerializer(serializers.Serializer[User]):
    """A password that an administrator gives to a user, who is the serializer's instance."""

    password = serializers.CharField(write_only=True, trim_whitespace=False)

    def validate_password(self, value: str) -> str:
        try:
            validate_password(value, self.instance)
        except ValidationError as error:
            raise serializers.ValidationError(error.messages) from error
        return value


class TokenSerializer(serializers.ModelSerializer[ApiToken]):
    """A token, without its secret."""

    class Meta:
        model = ApiToken
        fields: ClassVar[tuple[str, ...]] = (
            *("id", "name", "prefix", "created_at"),
            *("expires_at", "last_used_at", "revoked_at"),
        )
        read_only_fields = ("id", "prefix", "created_at", "last_used_at", "revoked_at")

    def validate_expires_at(self, value: datetime | None) -> datetime | None:
        if value is not None and value <= timezone.now():
            raise serializers.ValidationError("This lies in the past.")
        return value


class IssuedTokenSerializer(TokenSerializer):
    """A token, with its secret."""

    secret = serializers.CharField(read_only=True, help_text=SHOWN_ONCE)

    class Meta(TokenSerializer.Meta):
        """The only answer that has the secret."""

        fields: ClassVar[tuple[str, ...]] = (*TokenSerializer.Meta.fields, "secret")
