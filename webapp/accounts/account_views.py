"""A user's own pages: profile, password, tokens."""

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from webapp.accounts import selectors, services
from webapp.accounts.forms import OwnPasswordForm, ProfileForm, TokenForm
from webapp.accounts.requests import UserRequest


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
    return render(request, "accounts/account.html", {"profile": profile, "password": password})


@sensitive_post_parameters()
@require_POST
def change_password(request: UserRequest) -> HttpResponse:
    form = OwnPasswordForm(request.user, request.POST)
    if form.is_valid():
        services.set_password(request.user, form.cleaned_data["new_password1"])
        update_session_auth_hash(request, request.user)
        messages.success(request, "Your password is changed. Other browsers are signed out.")
        return redirect("account")
    profile = ProfileForm(instance=request.user)
    return render(request, "accounts/account.html", {"profile": profile, "password": form})


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
