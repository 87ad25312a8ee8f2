"""Addresses of accounts: pages, and endpoints below /api/v1/."""

from django.contrib.auth.views import LogoutView
from django.urls import path
from rest_framework.routers import SimpleRouter

from webapp.accounts import api, views

pages = [
    path("setup/", views.set_up, name="set_up"),
    path("sign-in/", views.SignIn.as_view(), name="sign_in"),
    path("sign-out/", LogoutView.as_view(), name="sign_out"),
    path("account/", views.account, name="account"),
    path("account/password/", views.change_password, name="change_password"),
    path("account/tokens/", views.tokens, name="tokens"),
    path("account/tokens/<int:pk>/revoke/", views.revoke_token, name="revoke_token"),
    path("users/", views.users, name="users"),
    path("users/<int:pk>/", views.user, name="user"),
    path("users/<int:pk>/password/", views.set_password, name="set_password"),
]

router = SimpleRouter()
router.register("tokens", api.TokenViewSet, basename="api-token")
router.register("users", api.UserViewSet, basename="api-user")
endpoints = [path("me/", api.me, name="api_me"), *router.urls]
