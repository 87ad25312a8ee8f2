"""The type of a request that has a signed-in user."""

from django.http import HttpRequest

from webapp.accounts.models import User


class UserRequest(HttpRequest):
    """What a page gets behind LoginRequiredMiddleware. A type only: no such object is made."""

    user: User
