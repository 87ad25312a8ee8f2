"""API tokens: shown once, kept as a hash, revocable."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from webapp.accounts import services
from webapp.accounts.models import ApiToken, User

ME = "/api/v1/me/"


def status_with(secret: str, keyword: str = "Bearer") -> int:
    return Client().get(ME, headers={"Authorization": f"{keyword} {secret}"}).status_code


@pytest.fixture
def issued(alice: User) -> tuple[ApiToken, str]:
    return services.issue_token(alice, name="script", expires_at=None)


def test_a_token_signs_its_owner_in(issued: tuple[ApiToken, str]) -> None:
    answer = Client().get(ME, headers={"Authorization": f"Bearer {issued[1]}"})
    assert answer.json()["username"] == "alice"


def test_the_secret_is_nowhere_in_the_row(issued: tuple[ApiToken, str]) -> None:
    token, secret = issued
    row = ApiToken.objects.filter(pk=token.pk).values().get()
    assert secret not in str(row)
    assert secret.startswith(token.prefix) and len(secret) >= 43 + len("esp_")


def test_the_page_shows_the_secret_once(alice_client: Client) -> None:
    form = {"name": "script", "lifetime_days": "90"}
    first = alice_client.post(reverse("tokens"), form)
    secret = first.context["secret"]
    assert status_with(secret) == 200
    assert secret not in alice_client.get(reverse("tokens")).content.decode()


def test_sending_the_page_again_makes_no_second_token(alice: User, alice_client: Client) -> None:
    form = {"name": "ci", "lifetime_days": "30"}
    alice_client.post(reverse("tokens"), form)
    again = alice_client.post(reverse("tokens"), form)
    assert "You have a token of this name" in again.content.decode()
    assert alice.tokens.count() == 1


def test_a_name_is_free_again_once_its_token_is_revoked(alice: User, alice_client: Client) -> None:
    form = {"name": "ci", "lifetime_days": "30"}
    alice_client.post(reverse("tokens"), form)
    services.revoke_token(alice.tokens.get())
    alice_client.post(reverse("tokens"), form)
    assert alice.tokens.count() == 2


def test_a_revoked_token_is_refused(issued: tuple[ApiToken, str], alice_client: Client) -> None:
    alice_client.post(reverse("revoke_token", args=[issued[0].pk]))
    assert status_with(issued[1]) == 401


def test_an_expired_token_is_refused(alice: User) -> None:
    past = timezone.now() - timedelta(seconds=1)
    _, secret = services.issue_token(alice, name="old", expires_at=past)
    assert status_with(secret) == 401


def test_the_token_of_who_is_not_active_is_refused(issued: tuple[ApiToken, str]) -> None:
    User.objects.update(is_active=False)
    assert status_with(issued[1]) == 401


def test_a_wrong_token_gets_the_one_error_shape(db: None) -> None:
    answer = Client().get(ME, headers={"Authorization": "Bearer esp_wrong"})
    assert answer.status_code == 401
    assert set(answer.json()) == {"message", "code", "fields"}
    assert answer["WWW-Authenticate"] == "Bearer"


def test_nobody_revokes_the_token_of_another(
    issued: tuple[ApiToken, str], bob_client: Client
) -> None:
    assert bob_client.post(reverse("revoke_token", args=[issued[0].pk])).status_code == 404
    assert bob_client.delete(f"/api/v1/tokens/{issued[0].pk}/").status_code == 404
    assert status_with(issued[1]) == 200


def test_a_use_is_noted(issued: tuple[ApiToken, str]) -> None:
    status_with(issued[1])
    issued[0].refresh_from_db()
    assert issued[0].last_used_at is not None


def test_the_api_makes_lists_and_revokes_tokens(alice_client: Client) -> None:
    made = alice_client.post("/api/v1/tokens/", {"name": "ci"}, "application/json")
    assert made.status_code == 201 and status_with(made.json()["secret"]) == 200
    listed = alice_client.get("/api/v1/tokens/").json()["results"]
    assert [token["name"] for token in listed] == ["ci"] and "secret" not in listed[0]
    assert alice_client.delete(f"/api/v1/tokens/{made.json()['id']}/").status_code == 204
    assert status_with(made.json()["secret"]) == 401


def test_a_token_cannot_make_another(issued: tuple[ApiToken, str]) -> None:
    headers = {"Authorization": f"Bearer {issued[1]}"}
    answer = Client().post("/api/v1/tokens/", {"name": "x"}, "application/json", headers=headers)
    assert answer.status_code == 403
