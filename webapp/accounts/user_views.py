"""Users, managed by administrators; for everybody else these pages do not exist."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from webapp.accounts import selectors, services
from webapp.accounts.forms import AddUserForm, GivenPasswordForm, UserForm
from webapp.accounts.models import User
from webapp.accounts.requests import UserRequest
from webapp.errors import ProductError, add_to_form

P = ParamSpec("P")
View = Callable[Concatenate[UserRequest, P], HttpResponse]


def for_administrators(view: View[P]) -> View[P]:
    """Others are told that there is no such page."""

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
        user = services.create_user(
            username=form.cleaned_data["username"],
            email=form.cleaned_data["email"],
            password=form.cleaned_data["password1"],
            is_admin=form.cleaned_data["is_admin"],
        )
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
