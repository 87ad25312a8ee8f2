"""Pages of accounts."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from webapp.accounts import account_views, user_views, views

urlpatterns = [
    path("setup/", views.set_up, name="set_up"),
    path("sign-in/", views.SignIn.as_view(), name="sign_in"),
    path("sign-out/", LogoutView.as_view(), name="sign_out"),
    path("account/", account_views.account, name="account"),
    path("account/password/", account_views.change_password, name="change_password"),
    path("account/tokens/", account_views.tokens, name="tokens"),
    path("account/tokens/<int:pk>/revoke/", account_views.revoke_token, name="revoke_token"),
    path("users/", user_views.users, name="users"),
    path("users/<int:pk>/", user_views.user, name="user"),
    path("users/<int:pk>/password/", user_views.set_password, name="set_password"),
]
