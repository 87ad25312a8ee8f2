"""Each line says of which request, search and trial it tells; as JSON where that is asked for."""

import io
import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import get_resolver, path

from tests.webapp.core.commands import python
from tests.webapp.searches.conftest import launch, own_files, search
from tests.webapp.searches.driving import work
from tests.webapp.upkeep.test_figures import get
from webapp import logs
from webapp.searches.models import Search

__all__ = ["launch", "own_files", "search"]


@pytest.fixture(params=["json", "plain"])
def said(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """What is logged, in each form."""
    yield from handled(logs.JsonFormatter() if request.param == "json" else logs.PlainFormatter())


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What is logged, as JSON."""
    yield from handled(logs.JsonFormatter())


def handled(formatter: logging.Formatter) -> Iterator[io.StringIO]:
    stream = io.StringIO()
    handler, root = logging.StreamHandler(stream), logging.getLogger()
    handler.setFormatter(formatter)
    handler.addFilter(logs.AboutFilter())
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


def parsed(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def broken(request: HttpRequest, **_: object) -> HttpResponse:
    raise ZeroDivisionError("a fault, ”quoted”\nin two lines")


urlpatterns = [
    path("broken/<int:search_id>/trials/<int:number>/", broken),
    *get_resolver("webapp.urls").url_patterns,
]
handler404, handler500 = "webapp.views.not_found", "webapp.views.server_error"


@pytest.mark.django_db(transaction=True)
@override_settings(ROOT_URLCONF=__name__, LOGIN_URL="/sign-in/")
async def test_a_fault_is_logged_with_the_id_that_its_reader_was_told(
    lines: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broken, "login_required", False, raising=False)
    status, headers, page = await get("/broken/7/trials/3/")
    assert status == 500 and f"under “{headers['x-request-id']}”" in page
    (line,) = [one for one in parsed(lines) if one["level"] == "ERROR"]
    assert line["request"] == headers["x-request-id"]
    assert (line["search"], line["trial"], line["logger"]) == (7, 3, "django.request")
    assert "ZeroDivisionError" in line["traceback"]


@pytest.mark.django_db
def test_what_a_worker_says_names_search_and_trial(search: Search, said: io.StringIO) -> None:
    work(search, trials=1)
    text = said.getvalue()
    if text.startswith("{"):
        (line,) = [one for one in parsed(said) if "this trial" in one["message"]]
        assert (line["search"], line["trial"]) == (search.pk, 1)
        assert {"at", "level", "logger"} < line.keys()
    else:
        (plain,) = [line for line in text.splitlines() if "this trial" in line]
        assert re.search(rf"took [\d.]+ s \[search={search.pk} trial=1\]$", plain)


def test_what_has_ended_is_no_longer_named() -> None:
    record = logging.LogRecord("x", logging.INFO, "", 1, "said", None, None)
    with logs.about(search=7), logs.about(trial=3):
        logs.also_about(worker="gpu0")
        logs.AboutFilter().filter(record)
        assert record.about == {"search": 7, "trial": 3, "worker": "gpu0"}  # type: ignore[attr-defined]
    logs.also_about(search=8)
    logs.AboutFilter().filter(record)
    assert record.about == {}  # type: ignore[attr-defined]


SAY = """
import logging, django
from webapp.celery import app
django.setup()
app.log.setup(loglevel="WARNING")
logging.getLogger("webapp.work").info("ours, of a worker")
logging.getLogger("celery.worker").info("of every message")
logging.getLogger("celery.worker").error("a fault of %s", "Celery's")
"""


@pytest.mark.thorough
def test_the_setting_chooses_the_form_for_celery_too(tmp_path: Any) -> None:
    given = {"ESPALIER_VAR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "webapp.settings"}
    as_json = python("-c", SAY, ESPALIER_LOG_FORMAT="json", **given).stderr.splitlines()
    messages = [json.loads(line)["message"] for line in as_json]
    assert messages == ["ours, of a worker", "a fault of Celery's"]
    plain = python("-c", SAY, **given).stderr.splitlines()
    assert [line.split(": ", 1)[1] for line in plain] == messages
    wrong = python("-c", SAY, ESPALIER_LOG_FORMAT="xml", **given).stderr
    assert "ESPALIER_LOG_FORMAT must be one of plain, json, got 'xml'" in wrong
