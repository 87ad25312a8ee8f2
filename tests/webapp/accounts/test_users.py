"""What administrators do about users, and users about themselves."""

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from tests.webapp.conftest import PASSWORD, ClientOf
from webapp.accounts.models import User

NEW = {"username": "dora", "email": "", "password1": PASSWORD, "password2": PASSWORD}


def test_an_administrator_makes_a_user(admin_client: Client) -> None:
    admin_client.post(reverse("users"), NEW)
    dora = User.objects.get(username="dora")
    assert dora.check_password(PASSWORD) and not dora.is_superuser


def test_names_differ_by_more_than_case(admin_client: Client, alice: User) -> None:
    answer = admin_client.post(reverse("users"), {**NEW, "username": "Alice"})
    assert "already" in str(answer.context["form"].errors)


def test_two_users_may_have_no_address_but_not_the_same(alice: User) -> None:
    User.objects.create_user("one", "", PASSWORD)
    User.objects.create_user("two", "", PASSWORD)
    with pytest.raises(ValidationError, match="e-mail"):
        User(username="three", password="x", email="ALICE@example.org").full_clean()


def test_the_only_administrator_stays_one(admin: User, admin_client: Client) -> None:
    answer = admin_client.post(reverse("user", args=[admin.pk]), {"email": ""})
    assert "only administrator" in answer.content.decode()
    admin.refresh_from_db()
    assert admin.is_superuser and admin.is_active


def test_who_is_made_inactive_is_out_at_once(
    alice: User, alice_client: Client, admin_client: Client
) -> None:
    admin_client.post(reverse("user", args=[alice.pk]), {"email": ""})
    assert alice_client.get(reverse("account")).status_code == 302


def test_a_new_password_ends_the_other_sessions(alice: User, client_of: ClientOf) -> None:
    here, elsewhere = client_of(alice), client_of(alice)
    new = "another horse battery"
    form = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    here.post(reverse("change_password"), form)
    assert here.get(reverse("account")).status_code == 200
    assert elsewhere.get(reverse("account")).status_code == 302


def test_the_old_password_is_asked_for(alice: User, alice_client: Client) -> None:
    form = {"old_password": "wrong", "new_password1": "x" * 12, "new_password2": "x" * 12}
    answer = alice_client.post(reverse("change_password"), form)
    assert answer.context["password"].errors["old_password"]


def test_the_api_makes_and_changes_users(admin_client: Client) -> None:
    body = {"username": "dora", "password": PASSWORD}
    made = admin_client.post("/api/v1/users/", body, "application/json")
    assert made.status_code == 201 and "password" not in made.json()
    path = f"/api/v1/users/{made.json()['id']}/"
    changed = admin_client.patch(path, {"is_active": False}, "application/json")
    assert changed.json()["is_active"] is False


def test_the_api_refuses_a_weak_password_beside_its_field(admin_client: Client) -> None:
    body = {"username": "dora", "password": "short"}
    answer = admin_client.post("/api/v1/users/", body, "application/json")
    assert answer.status_code == 400
    assert "10 characters" in answer.json()["fields"]["password"]


def test_the_api_gives_a_user_a_password_that_passes_the_rules(
    alice: User, alice_client: Client, admin_client: Client
) -> None:
    address = f"/api/v1/users/{alice.pk}/password/"
    refused = admin_client.post(address, {"password": "alice1"}, "application/json")
    assert refused.status_code == 400 and "password" in refused.json()["fields"]
    assert alice_client.post(address, {"password": "x"}, "application/json").status_code == 403
    new = {"password": "another horse battery"}
    assert admin_client.post(address, new, "application/json").status_code == 204
    alice.refresh_from_db()
    assert alice.check_password("another horse battery")
    assert alice_client.get(reverse("account")).status_code == 302
