"""What holds for every page: policy, errors, health, theme."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver, path

from webapp.errors import ProductError

ROOT = Path(__file__).parents[3]
OTHERS = ("/admin/", "/api/")


def plain_paths(patterns: list[URLPattern | URLResolver], prefix: str = "/") -> Iterator[str]:
    """Addresses of pages that need no id."""
    for pattern in patterns:
        here = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from plain_paths(pattern.url_patterns, here)
        elif not re.search(r"[<(^\\]", here) and not here.startswith(OTHERS):
            yield here


PATHS = sorted(set(plain_paths(get_resolver().url_patterns)))


@pytest.mark.parametrize("address", [*PATHS, "/nowhere/", "/api/v1/docs/"])
def test_every_page_has_a_strict_policy(address: str, admin_client: Client) -> None:
    policy = admin_client.get(address)["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy and "*" not in policy


@pytest.mark.parametrize("template", sorted((ROOT / "templates").rglob("*.html"), key=str))
def test_no_template_has_what_the_policy_blocks(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    assert not re.search(r"\sstyle=|\son[a-z]+=\"|javascript:|<style", text)
    inline = re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", text)
    assert all("nonce" in tag or "application/json" in tag for tag in inline)


def test_health_is_the_process_and_readiness_the_database(
    anonymous_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answers() -> list[tuple[int, object]]:
        both = [anonymous_client.get(path) for path in ("/healthz", "/readyz")]
        return [(answer.status_code, answer.json()) for answer in both]

    alive = (200, {"process": "ok"})
    assert answers() == [alive, (200, {"database": "ok"})]

    def away() -> None:
        raise DatabaseError("connection refused")

    monkeypatch.setattr(connection, "cursor", away)
    assert answers() == [alive, (503, {"database": "unreachable"})]
    monkeypatch.undo()
    monkeypatch.setattr("webapp.views._tables_seen", False)
    MigrationRecorder(connection).record_unapplied("counts", "0001_counted")
    assert answers() == [alive, (503, {"database": "tables are missing or old"})]


@pytest.mark.parametrize(
    ("cookie", "attribute"), [("dark", 'data-theme="dark"'), ("light", 'data-theme="light"')]
)
def test_the_first_byte_has_the_chosen_theme(
    cookie: str, attribute: str, anonymous_client: Client
) -> None:
    anonymous_client.cookies["theme"] = cookie
    assert attribute in anonymous_client.get("/setup/").content.decode()


def test_a_theme_that_there_is_not_is_left_out(anonymous_client: Client) -> None:
    anonymous_client.cookies["theme"] = '"><script>'
    assert "data-theme" not in anonymous_client.get("/setup/").content.decode()


def refused(request: HttpRequest) -> HttpResponse:
    raise ProductError("The search is over.", "conflict", {"state": "completed"})


def forbidden(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


def broken(request: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError


urlpatterns = [
    *get_resolver("webapp.urls").url_patterns,
    *(path(f"{at}refused/", refused) for at in ("", "api/")),
    *(path(f"{at}forbidden/", forbidden) for at in ("", "api/")),
    *(path(f"{at}broken/", broken) for at in ("", "api/")),
]
handler403 = "webapp.views.permission_denied"
handler404 = "webapp.views.not_found"
handler500 = "webapp.views.server_error"


@pytest.mark.parametrize(
    ("address", "status", "text"),
    [
        ("/refused/", 409, "The search is over."),
        ("/forbidden/", 403, "This is not yours to do"),
        ("/broken/", 500, "Espalier failed"),
        ("/nowhere/", 404, "There is nothing here"),
    ],
)
@override_settings(ROOT_URLCONF=__name__)
def test_errors_have_pages(address: str, status: int, text: str, alice_client: Client) -> None:
    alice_client.raise_request_exception = False
    answer = alice_client.get(address)
    assert answer.status_code == status and text in answer.content.decode()


@pytest.mark.parametrize(
    ("address", "status"), [("/api/forbidden/", 403), ("/api/broken/", 500), ("/api/x/", 404)]
)
@override_settings(ROOT_URLCONF=__name__)
def test_errors_under_api_have_the_one_shape(
    address: str, status: int, alice_client: Client
) -> None:
    alice_client.raise_request_exception = False
    answer = alice_client.get(address)
    assert answer.status_code == status
    assert set(answer.json()) == {"message", "code", "fields"}
