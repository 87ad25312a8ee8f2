"""Pages of accounts: coming in and going out, a user's own, and users for administrators."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from webapp.accounts import quota, selectors, services
from webapp.accounts.authentication import UserRequest
from webapp.accounts.forms import (
    AddUserForm,
    GivenPasswordForm,
    OwnPasswordForm,
    ProfileForm,
    SetUpForm,
    SignInForm,
    TokenForm,
    UserForm,
)
from webapp.accounts.models import User
from webapp.errors import ProductError, add_to_form
from webapp.proxies import is_local

BACKEND = "django.contrib.auth.backends.ModelBackend"
P = ParamSpec("P")
View = Callable[Concatenate[UserRequest, P], HttpResponse]


@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
def set_up(request: HttpRequest) -> HttpResponse:
    """The first account. Closed once there is one."""
    if services.is_set_up():
        return redirect("sign_in")
    is_here, code = is_local(request), services.set_up_code()
    form = SetUpForm(request.POST or None, is_local=is_here, wanted=code)
    if form.is_valid():
        try:
            user = services.set_up(
                username=form.cleaned_data["username"],
                email=form.cleaned_data["email"],
                password=form.cleaned_data["password1"],
            )
        except ProductError as error:
            add_to_form(form, error)
        else:
            login(request, user, backend=BACKEND)
            return redirect(settings.LOGIN_REDIRECT_URL)
    return render(request, "accounts/set_up.html", {"form": form})


@method_decorator([login_not_required, never_cache], name="dispatch")
class SignIn(LoginView):
    """Name and password. Before there is an account, the way leads to the set-up page."""

    template_name = "accounts/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not services.is_set_up():
            return redirect("set_up")
        return super().dispatch(request, *args, **kwargs)


def locked_out(
    request: HttpRequest, original_response: HttpResponse | None = None, *_: Any, **__: Any
) -> HttpResponse:
    """After too many wrong passwords: the same answer, whether this one was right or wrong."""
    minutes = settings.AXES_COOLOFF_TIME.seconds // 60
    text = f"Too many wrong passwords. Try again in {minutes} minutes."
    if request.path.startswith("/api/"):
        return JsonResponse(ProductError(text, "throttled").body(), status=429)
    return render(request, "accounts/locked_out.html", {"text": text}, status=429)


@login_not_required
def admin_sign_in(request: HttpRequest) -> HttpResponse:
    """One door only: Django's own pages send everybody to ours."""
    if request.user.is_authenticated:
        raise PermissionDenied
    return redirect(f"/sign-in/?next={request.GET.get('next', '/admin/')}")


@require_http_methods(["GET", "POST"])
def account(request: UserRequest) -> HttpResponse:
    profile = ProfileForm(request.POST or None, instance=request.user)
    if profile.is_valid():
        profile.save()
        messages.success(request, "Your profile is saved.")
        return redirect("account")
    # A refused form has changed the object, and the header would show that.
    request.user.refresh_from_db()
    password = OwnPasswordForm(request.user)
    return _account_page(request, profile, password)


def _account_page(
    request: UserRequest, profile: ProfileForm, password: OwnPasswordForm
) -> HttpResponse:
    usage = quota.usage(request.user.pk)
    context = {"profile": profile, "password": password, "usage": usage}
    return render(request, "accounts/account.html", context)


@sensitive_post_parameters()
@require_POST
def change_password(request: UserRequest) -> HttpResponse:
    form = OwnPasswordForm(request.user, request.POST)
    if form.is_valid():
        services.set_password(request.user, form.cleaned_data["new_password1"])
        update_session_auth_hash(request, request.user)
        messages.success(request, "Your password is changed. Other browsers are signed out.")
        return redirect("account")
    return _account_page(request, ProfileForm(instance=request.user), form)


@never_cache
@require_http_methods(["GET", "POST"])
def tokens(request: UserRequest) -> HttpResponse:
    """The list, and the form for a new one, whose secret this one answer shows."""
    form = TokenForm(request.POST or None, user=request.user)
    secret = ""
    if form.is_valid():
        name, expires_at = form.cleaned_data["name"], form.expires_at()
        _token, secret = services.issue_token(request.user, name=name, expires_at=expires_at)
        form = TokenForm(user=request.user)
    context = {"form": form, "secret": secret, "tokens": selectors.tokens_of(request.user)}
    return render(request, "accounts/tokens.html", context)


@require_POST
def revoke_token(request: UserRequest, pk: int) -> HttpResponse:
    token = get_object_or_404(selectors.tokens_of(request.user), pk=pk)
    services.revoke_token(token)
    messages.success(request, f"“{token.name}” is revoked.")
    return redirect("tokens")


def for_administrators(view: View[P]) -> View[P]:
    """A page that does not exist for others."""

    @wraps(view)
    def guarded(request: UserRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not request.user.is_superuser:
            raise Http404
        return view(request, *args, **kwargs)

    return cast(View[P], guarded)


@sensitive_post_parameters()
@for_administrators
@require_http_methods(["GET", "POST"])
def users(request: UserRequest) -> HttpResponse:
    form = AddUserForm(request.POST or None)
    if form.is_valid():
        try:
            user = services.create_user(
                username=form.cleaned_data["username"],
                email=form.cleaned_data["email"],
                password=form.cleaned_data["password1"],
                is_admin=form.cleaned_data["is_admin"],
            )
        except ProductError as error:
            add_to_form(form, error)
        else:
            messages.success(request, f"{user.username} can sign in now.")
            return redirect("users")
    context = {"form": form, "users": selectors.users_for(request.user)}
    return render(request, "accounts/users.html", context)


@for_administrators
@require_http_methods(["GET", "POST"])
def user(request: UserRequest, pk: int) -> HttpResponse:
    person = _person(request, pk)
    form = UserForm(request.POST or None, instance=person)
    if form.is_valid():
        try:
            services.update_user(
                person,
                email=form.cleaned_data["email"],
                is_admin=form.cleaned_data["is_admin"],
                is_active=form.cleaned_data["is_active"],
            )
        except ProductError as error:
            add_to_form(form, error)
        else:
            messages.success(request, f"{person.username} is saved.")
            return redirect("users")
    return _page(request, person, form, GivenPasswordForm(person))


@sensitive_post_parameters()
@for_administrators
@require_POST
def set_password(request: UserRequest, pk: int) -> HttpResponse:
    person = _person(request, pk)
    form = GivenPasswordForm(person, request.POST)
    if form.is_valid():
        services.set_password(person, form.cleaned_data["new_password1"])
        messages.success(request, f"{person.username} has a new password.")
        return redirect("users")
    return _page(request, person, UserForm(instance=person), form)


def _person(request: UserRequest, pk: int) -> User:
    return get_object_or_404(selectors.users_for(request.user), pk=pk)


def _page(
    request: UserRequest, person: User, form: UserForm, password: GivenPasswordForm
) -> HttpResponse:
    context = {"person": person, "form": form, "password": password}
    return render(request, "accounts/user.html", context)
