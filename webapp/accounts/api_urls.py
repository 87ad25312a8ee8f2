"""Addresses of accounts under /api/v1/."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from webapp.accounts import api

router = SimpleRouter()
router.register("tokens", api.TokenViewSet, basename="api-token")
router.register("users", api.UserViewSet, basename="api-user")

urlpatterns = [path("me/", api.me, name="api_me"), path("", include(router.urls))]
