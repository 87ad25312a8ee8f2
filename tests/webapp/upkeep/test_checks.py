"""What is not well is found, and each finding says what to do."""

from pathlib import Path
from typing import Any

import pytest
from django.core.checks import CheckMessage
from django.core.management import call_command
from django.db import DatabaseError, OperationalError, connection
from django.test import Client

from tests.stand_in import StandIn
from webapp import disk
from webapp.celery import app
from webapp.upkeep import checks

pytestmark = pytest.mark.django_db


def ids(found: list[CheckMessage]) -> list[str]:
    assert all(one.msg and one.hint for one in found), "each says what to do"
    return [str(one.id) for one in found]


def test_where_all_is_well_nothing_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert ids(checks.run()) == []


def test_a_folder_that_cannot_be_written(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("tempfile.NamedTemporaryFile", refused)
    (first, *_) = checks.run((checks.paths,))
    assert first.id == "espalier.E001"
    assert "Read-only file system" in first.msg


@pytest.mark.parametrize(
    ("free", "found"), [(1 << 20, "espalier.E002"), (100 << 20, "espalier.W002")]
)
def test_a_disk_that_is_nearly_full(free: int, found: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "free_bytes", lambda: free)
    assert ids(checks.run((checks.room,))) == [found]


def test_a_database_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise DatabaseError("connection refused")

    monkeypatch.setattr(connection, "cursor", away)
    assert ids(checks.run((checks.database,))) == ["espalier.E003"]


def test_redis_that_is_away(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.EMBEDDED = False

    def away() -> None:
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(app, "connection_for_read", away)
    assert ids(checks.run((checks.broker,))) == ["espalier.E005"]


def test_https_without_a_proxy_that_is_trusted(settings: Any) -> None:
    settings.HTTPS = True
    assert ids(checks.run((checks.proxy,))) == ["espalier.W006"]
    settings.TRUSTED_PROXIES = ["10.0.0.1"]
    assert ids(checks.run((checks.proxy,))) == []


def test_plain_http_where_others_can_reach_it(settings: Any) -> None:
    settings.PUBLISHED = True
    assert ids(checks.run((checks.proxy,))) == ["espalier.W010"]


def test_a_key_that_others_may_read(settings: Any, tmp_path: Path) -> None:
    settings.VAR = tmp_path
    (tmp_path / "secret_key").write_text("x")
    (tmp_path / "secret_key").chmod(0o644)
    tmp_path.chmod(0o755)
    assert ids(checks.run((checks.secret,))) == ["espalier.W007"]
    tmp_path.chmod(0o700)
    assert ids(checks.run((checks.secret,))) == []


def test_another_time_zone(settings: Any) -> None:
    settings.TIME_ZONE = "Europe/Berlin"
    assert ids(checks.run((checks.time_zone,))) == ["espalier.E008"]


@pytest.mark.thorough
def test_a_driver_that_is_too_old_is_told_with_the_one_that_is_needed(
    stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    environment = stand_in.environment(devices=0, FAKE_LISTED="1", FAKE_DRIVER="550.54.14")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    (found,) = checks.run((checks.gpu,))
    assert found.id == "espalier.W009"
    for told in ("550.54.14", "580 or newer", "whl/cu126"):
        assert told in found.msg


def test_a_machine_without_gpu_has_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert checks.run((checks.gpu,)) == []


def test_the_command_and_the_page_say_the_same(
    admin_client: Client,
    alice_client: Client,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.setattr(disk, "free_bytes", lambda: 100 << 20)
    call_command("check")
    sentence = "uploads are refused, and searches wait"
    assert sentence in capsys.readouterr().err
    assert sentence in admin_client.get("/system/").content.decode()
    assert alice_client.get("/system/").status_code == 404


def test_while_the_disk_is_nearly_full_pages_say_so_and_nothing_new_begins(
    alice_client: Client, digits: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "free_bytes", lambda: 0)
    assert disk.FULL in alice_client.get("/datasets/").content.decode()
    body = {"name": "New", "preset": "digits-demo"}
    answer = alice_client.post("/api/v1/searches/", body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (507, "disk_full")


def test_a_database_that_is_away_is_said_in_a_sentence(
    alice: Any, client_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of(alice)
    client.raise_request_exception = False

    def away(*_: object) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr("webapp.workers.selectors.known_workers", away)
    page, answer = client.get("/workers/"), client.get("/api/v1/workers/")
    assert page.status_code == answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert answer.json()["code"] == "unavailable"
    assert "The database did not answer: database is locked." in page.content.decode()
