"""Who gets to see which page of accounts."""

import pytest
from django.test import Client
from django.urls import reverse

from webapp.accounts.models import User

OWN_PAGES = ["account", "tokens"]


@pytest.mark.parametrize("name", [*OWN_PAGES, "users", "api_docs", "schema"])
def test_nobody_is_sent_to_the_sign_in_page(
    name: str, anonymous_client: Client, alice: User
) -> None:
    answer = anonymous_client.get(reverse(name))
    assert answer.status_code in (302, 401)
    assert answer.status_code == 401 or answer["Location"].startswith(reverse("sign_in"))


@pytest.mark.parametrize("name", OWN_PAGES)
def test_a_user_sees_their_own_pages(name: str, charlie_client: Client) -> None:
    assert charlie_client.get(reverse(name)).status_code == 200


def test_users_are_for_administrators(
    alice: User, charlie_client: Client, admin_client: Client
) -> None:
    for path in (reverse("users"), reverse("user", args=[alice.pk])):
        assert charlie_client.get(path).status_code == 404
        assert admin_client.get(path).status_code == 200


def test_a_stranger_cannot_set_the_password_of_another(alice: User, bob_client: Client) -> None:
    form = {"new_password1": "taken over now", "new_password2": "taken over now"}
    assert bob_client.post(reverse("set_password", args=[alice.pk]), form).status_code == 404


def test_users_of_the_api_are_for_administrators(
    bob_client: Client, admin_client: Client, anonymous_client: Client
) -> None:
    assert anonymous_client.get("/api/v1/users/").status_code == 401
    assert bob_client.get("/api/v1/users/").status_code == 403
    assert admin_client.get("/api/v1/users/").json()["count"] == 2


def test_djangos_pages_have_no_door_of_their_own(
    anonymous_client: Client, alice_client: Client
) -> None:
    assert "/sign-in/" in anonymous_client.get("/admin/login/")["Location"]
    assert alice_client.get("/admin/", follow=True).status_code == 403
