"""What holds for the whole API: a schema without warnings, one shape of errors, a rate limit."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.generators import SchemaGenerator
from rest_framework.throttling import UserRateThrottle

from webapp.accounts.models import User
from webapp.accounts.services import issue_token

SEARCHES = "/api/v1/searches/"
CHECK = f"{SEARCHES}check/"


def api_paths(patterns: list[URLPattern | URLResolver], at: str = "/") -> Iterator[str]:
    """Addresses below /api/v1/ that need no id."""
    for pattern in patterns:
        here = at + re.sub(r"^\^|\$$|\\Z", "", str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from api_paths(pattern.url_patterns, here)
        elif here.startswith("/api/v1/") and not re.search(r"[<(?\\]", here):
            yield here


PAGE = "/api/v1/docs/"
ERROR = {"message", "code", "fields"}
TAKE_JSON = [SEARCHES, CHECK, "/api/v1/start-networks/", "/api/v1/final-trainings/"]
PATHS = sorted({*api_paths(get_resolver("webapp.urls").url_patterns)} - {PAGE})


@pytest.fixture(autouse=True)
def counted_anew() -> Iterator[None]:
    """A rate is counted in the cache, which no test's end rolls back."""
    cache.clear()
    yield
    cache.clear()


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def check(answer: Any, status: int, code: str) -> dict[str, str]:
    """The one shape; returns what is said of fields."""
    assert answer.status_code == status
    body = answer.json()
    assert set(body) == ERROR
    assert body["code"] == code and body["message"].strip()
    return dict(body["fields"])


def test_the_schema_is_valid_and_draws_no_warning(tmp_path: Path) -> None:
    schema = tmp_path / "schema.yml"
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(schema))
    assert "/api/v1/searches/{search_id}/" in schema.read_text()


def test_the_schema_of_a_config_is_that_of_its_declaration() -> None:
    schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    epochs = schema["components"]["schemas"]["ConfigRecipe"]["properties"]["epochs"]
    assert (epochs["minimum"], epochs["maximum"], epochs["x-unit"]) == (1, 100_000, "epochs")


def test_the_schema_says_of_every_request_how_it_is_refused() -> None:
    schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    assert set(schema["components"]["schemas"]["Error"]["required"]) == {*ERROR}
    error = {"$ref": "#/components/schemas/Error"}
    for address, methods in schema["paths"].items():
        for method, operation in methods.items():
            refusals = {code: a for code, a in operation["responses"].items() if code >= "400"}
            for answer in refusals.values():
                assert answer["content"]["application/json"]["schema"] == error, (address, method)
            assert {"401", "403", "429"} <= set(refusals)
            assert "404" in refusals or "{" not in address
            assert {"400", "409"} <= set(refusals) or "requestBody" not in operation


def test_the_schema_tells_the_table_from_the_file() -> None:
    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]  # type: ignore[no-untyped-call]
    for form, kind in (("csv", "text/csv"), ("json", "application/json")):
        answer = paths[f"{SEARCHES}{{search_id}}/trials.{form}"]["get"]["responses"]["200"]
        assert set(answer["content"]) == {kind}


@pytest.mark.parametrize("address", PATHS)
def test_nobody_gets_the_same_401_everywhere(address: str, anonymous_client: Client) -> None:
    answer = anonymous_client.get(address)
    if answer.status_code == 405:  # it takes no GET, and says so first
        answer = anonymous_client.post(address)
    check(answer, 401, "not_signed_in")
    assert answer["WWW-Authenticate"] == "Bearer"


def test_the_page_of_the_schema_asks_to_sign_in(anonymous_client: Client) -> None:
    assert anonymous_client.get(PAGE)["Location"] == f"/sign-in/?next={PAGE}"


@pytest.mark.parametrize("secret", ["esp_unknown", "two words", ""])
def test_a_wrong_token_is_not_signed_in(secret: str, anonymous_client: Client, db: None) -> None:
    check(anonymous_client.get(SEARCHES, headers=bearer(secret)), 401, "not_signed_in")


def test_a_body_that_is_not_json_is_invalid(alice_client: Client) -> None:
    check(alice_client.post(CHECK, "{", content_type="application/json"), 400, "invalid")


@pytest.mark.parametrize("body", [[], [None], "text", 7, None])
@pytest.mark.parametrize("address", TAKE_JSON)
def test_a_body_that_is_no_object_is_invalid(
    address: str, body: object, alice_client: Client
) -> None:
    check(alice_client.post(address, json.dumps(body), "application/json"), 400, "invalid")


def test_a_wrong_field_is_named(alice_client: Client) -> None:
    fields = check(alice_client.post(SEARCHES, {}, "application/json"), 400, "invalid")
    assert set(fields) == {"name"}


def test_what_is_for_administrators_is_forbidden(alice_client: Client) -> None:
    check(alice_client.get("/api/v1/users/"), 403, "forbidden")


@pytest.mark.parametrize("size", ["null", "-1", "0", "1.5", ""])
def test_a_page_size_that_is_no_number_is_refused(size: str, alice_client: Client) -> None:
    assert set(check(alice_client.get(SEARCHES, {"page_size": size}), 400, "invalid")) == {
        "page_size"
    }
    assert alice_client.get(SEARCHES, {"page_size": 5_000}).status_code == 200


@pytest.mark.parametrize("address", [f"{SEARCHES}999/", "/api/v1/nowhere/", "/api/v1/tokens/9/"])
def test_what_is_not_there_is_not_found(address: str, alice_client: Client) -> None:
    check(alice_client.get(address), 404, "not_found")


def test_a_method_that_is_not_taken_is_refused(alice_client: Client) -> None:
    answer = alice_client.put(SEARCHES)
    check(answer, 405, "method_not_allowed")
    assert {"GET", "POST"} <= set(answer["Allow"].split(", "))


def test_what_the_state_does_not_allow_is_a_conflict(admin: User, admin_client: Client) -> None:
    address, body = f"/api/v1/users/{admin.pk}/", {"is_admin": False}
    check(admin_client.patch(address, body, "application/json"), 409, "conflict")


def test_a_body_of_another_kind_is_refused(alice_client: Client) -> None:
    answer = alice_client.post(CHECK, "<a/>", content_type="text/xml")
    check(answer, 415, "unsupported_media_type")


def test_too_many_requests_of_an_account_are_throttled(
    alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(UserRateThrottle, "THROTTLE_RATES", {"user": "2/hour"})
    secrets = [issue_token(alice, name=name, expires_at=None)[1] for name in ("one", "two")]
    client = Client()
    for secret in secrets:
        assert client.get("/api/v1/me/", headers=bearer(secret)).status_code == 200
    answer = client.get("/api/v1/me/", headers=bearer(secrets[0]))
    check(answer, 429, "throttled")
    assert int(answer["Retry-After"]) > 0
    of_bob = issue_token(bob, name="b", expires_at=None)[1]
    assert client.get("/api/v1/me/", headers=bearer(of_bob)).status_code == 200
