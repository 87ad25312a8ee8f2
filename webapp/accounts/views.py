"""Coming in and going out: set-up, sign-in, and what a locked-out guesser sees."""

from typing import Any

from django.conf import settings
from django.contrib.auth import login, views
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from webapp.accounts import services
from webapp.accounts.forms import NewUserForm, SignInForm
from webapp.errors import ProductError, add_to_form

BACKEND = "django.contrib.auth.backends.ModelBackend"


@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
def set_up(request: HttpRequest) -> HttpResponse:
    """The first account. Closed once there is one."""
    if services.is_set_up():
        return redirect("sign_in")
    form = NewUserForm(request.POST or None)
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
class SignIn(views.LoginView):
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
