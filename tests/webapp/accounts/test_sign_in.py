"""Signing in and out, and how often somebody may guess."""

from django.conf import settings
from django.test import Client
from django.urls import reverse

from tests.webapp.conftest import PASSWORD
from webapp.accounts.models import User


def sign_in(client: Client, name: str, password: str, address: str = "10.0.0.1") -> int:
    form = {"username": name, "password": password}
    return client.post(reverse("sign_in"), form, REMOTE_ADDR=address).status_code


def test_the_right_password_signs_in(anonymous_client: Client, alice: User) -> None:
    assert sign_in(anonymous_client, "alice", PASSWORD) == 302
    assert anonymous_client.get(reverse("account")).status_code == 200


def test_a_wrong_password_shows_the_form_again(anonymous_client: Client, alice: User) -> None:
    answer = anonymous_client.post(
        reverse("sign_in"), {"username": "alice", "password": "wrong"}, REMOTE_ADDR="10.0.0.1"
    )
    # The field is called “Name”, not “username”.
    assert "This name and password do not belong together" in answer.content.decode()
    assert anonymous_client.get(reverse("account")).status_code == 302


def test_after_five_wrong_passwords_the_right_one_is_refused_too(
    anonymous_client: Client, alice: User
) -> None:
    statuses = [sign_in(anonymous_client, "alice", "wrong") for _ in range(5)]
    assert statuses == [200, 200, 200, 200, 429]
    assert sign_in(anonymous_client, "alice", PASSWORD) == 429


def test_guessing_does_not_lock_the_owner_out_elsewhere(
    anonymous_client: Client, alice: User
) -> None:
    for _ in range(settings.AXES_FAILURE_LIMIT):
        sign_in(anonymous_client, "alice", "wrong", "10.0.0.9")
    assert sign_in(anonymous_client, "alice", PASSWORD, "10.0.0.1") == 302


def test_who_is_not_active_cannot_sign_in(anonymous_client: Client, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert sign_in(anonymous_client, "alice", PASSWORD) == 200


def test_signing_out_ends_the_session(alice_client: Client) -> None:
    alice_client.post(reverse("sign_out"))
    assert alice_client.get(reverse("account")).status_code == 302


def test_a_link_cannot_sign_out(alice_client: Client) -> None:
    assert alice_client.get(reverse("sign_out")).status_code == 405


def test_sign_in_leads_to_no_other_site(anonymous_client: Client, alice: User) -> None:
    form = {"username": "alice", "password": PASSWORD, "next": "https://evil.example/"}
    answer = anonymous_client.post(reverse("sign_in"), form)
    assert answer["Location"] == "/"
