"""Forms of accounts."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib.auth.forms import (
    AuthenticationForm,
    BaseUserCreationForm,
    PasswordChangeForm,
    SetPasswordForm,
)
from django.core.validators import MaxLengthValidator
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from webapp.accounts.models import User
from webapp.accounts.selectors import tokens_of

LIFETIMES = {"30": "30 days", "90": "90 days", "365": "a year", "never": "until it is revoked"}
PASSWORD_HELP = "At least 10 characters. Neither a common password, nor your name, nor digits only."


class WeakPasswordBesideItsField:
    """Django says that a password is weak beside the second field, where it is only repeated."""

    def validate_password_for_user(self, user: User, field: str = "password2") -> None:
        super().validate_password_for_user(  # type: ignore[misc]  # SetPasswordMixin, further on
            user, field.replace("password2", "password1")
        )


class NewUserForm(WeakPasswordBesideItsField, BaseUserCreationForm):  # type: ignore[type-arg]  # not generic when it runs
    """A name and a password, twice; an e-mail address where there is one."""

    class Meta:
        model = User
        fields = ("username", "email")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name = self.fields["username"]
        name.label = "Name"
        name.help_text = "Letters, digits and @ . + - _"
        name.widget.attrs.update(autocomplete="username", autocapitalize="none")
        self.fields["email"].widget.attrs.update(autocomplete="email")
        _shorten(self, "password1", "password2")


class SetUpForm(NewUserForm):
    """The first account; from elsewhere than this machine with the code that the start printed.

    Args:
        is_local: whether the code is not asked for.
    """

    code = forms.CharField(
        max_length=40,
        help_text="Espalier printed it when it started: it stands in its log.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
    )
    field_order = ("code",)

    def __init__(self, *args: Any, is_local: bool, wanted: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._wanted = wanted
        if is_local:
            del self.fields["code"]

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        if not constant_time_compare(code.lower(), self._wanted):
            raise forms.ValidationError("This is not the code that Espalier printed.")
        return code


class SignInForm(AuthenticationForm):
    """The same words as everywhere else."""

    error_messages = {  # noqa: RUF012  # Django's own is a dict too
        **AuthenticationForm.error_messages,
        "invalid_login": "This name and password do not belong together. Capitals matter in both.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name = self.fields["username"]
        name.label = "Name"
        # Django only tells the browser; what is longer is no user's, and fits into no log.
        longest = User._meta.get_field("username").max_length
        name.validators.append(MaxLengthValidator(longest or 150))


class OwnPasswordForm(WeakPasswordBesideItsField, PasswordChangeForm):
    """A new password, for who knows the old one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["old_password"].widget.attrs.pop("autofocus", None)  # not the first form here
        _shorten(self, "new_password1", "new_password2")


class GivenPasswordForm(WeakPasswordBesideItsField, SetPasswordForm):  # type: ignore[type-arg]
    """A new password, given by an administrator."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _shorten(self, "new_password1", "new_password2")


class AddUserForm(NewUserForm):
    """What an administrator fills in for somebody else."""

    is_admin = forms.BooleanField(
        label="Administrator", required=False, help_text="May manage users."
    )


class UserForm(forms.ModelForm[User]):
    """What an administrator may change about an account."""

    is_admin = forms.BooleanField(
        label="Administrator", required=False, help_text="May manage users."
    )

    class Meta:
        """The name stays: others know searches by it."""

        model = User
        fields = ("email", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["is_admin"].initial = self.instance.is_superuser
        self.fields["is_active"].help_text = "Whoever is not can neither sign in nor use a token."


class ProfileForm(forms.ModelForm[User]):
    """What users change about themselves."""

    class Meta:
        model = User
        fields = ("first_name", "last_name", "email")


class TokenForm(forms.Form):
    """A new token: a name to know it by, and how long it is valid."""

    name = forms.CharField(
        max_length=80, help_text="What will use it, such as “nightly script on the lab server”."
    )
    lifetime_days = forms.ChoiceField(
        label="Valid for", choices=list(LIFETIMES.items()), initial="90"
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._user = user

    def clean_name(self) -> str:
        """A name of its own: a page that is sent twice must not make a second token."""
        name: str = self.cleaned_data["name"]
        valid = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
        if tokens_of(self._user).filter(valid, name=name, revoked_at=None).exists():
            raise forms.ValidationError(
                "You have a token of this name. Choose another, or revoke that one first."
            )
        return name

    def expires_at(self) -> datetime | None:
        days = self.cleaned_data["lifetime_days"]
        return None if days == "never" else timezone.now() + timedelta(days=int(days))


def _shorten(form: forms.BaseForm, first: str, again: str) -> None:
    """One sentence instead of Django's list of four."""
    form.fields[first].help_text = PASSWORD_HELP
    form.fields[again].help_text = ""
    form.fields[again].label = f"{form.fields[first].label} again"
