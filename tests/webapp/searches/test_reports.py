"""The report of a search, from its page and from the API."""

import json
import re
from typing import Any

import pytest
from django.test import Client

from tests.comparing import comparison
from tests.search_engine import made_up_searches, test_report
from tests.webapp.searches.driving import work
from tests.webapp.searches.test_long_searches import GROWTH, make_trials
from webapp.searches.models import Search

pytestmark = pytest.mark.django_db


def report(client: Client, search: Search, at: str = "/searches/{}/report/") -> str:
    answer = client.get(at.format(search.pk))
    assert answer["Content-Disposition"] == (
        f'attachment; filename="espalier-search-{search.pk}-report.html"'
    )
    return answer.content.decode()


@pytest.mark.parametrize("at", ["/searches/{}/report/", "/api/v1/searches/{}/report/"])
def test_it_has_what_the_page_has_and_nothing_can_be_asked_of_it(
    at: str, client: Client, search: Search
) -> None:
    work(search, trials=2)
    found = test_report.state(report(client, search, at))
    asked = client.get(f"/api/v1/searches/{search.pk}/summaries/").json()
    curves = found["columns"].pop("curve")
    assert found["columns"] == asked["columns"] and found["trials"] == asked["trials"]
    rows = list(search.trials.order_by("number"))
    assert curves == [[round(share, 4) for share in trial.curve] for trial in rows]
    assert found["sites"]["sites"]
    assert not any(found["search"]["can"].values())
    changing = {"can", "elapsed_seconds", "eta_seconds"}
    for name in asked["search"].keys() - changing:
        assert found["search"][name] == asked["search"][name]


def test_running_trials_and_the_growth_of_the_best_are_in_it(
    client: Client, search: Search
) -> None:
    make_trials(search, 200, running=2)
    found = test_report.state(report(client, search))
    assert [trial["number"] for trial in found["trials"]] == [7, 199, 200]
    assert found["trials"][0]["transformations"] == GROWTH


def test_the_page_links_to_it(client: Client, search: Search) -> None:
    page = client.get(f"/searches/{search.pk}/").content.decode()
    assert f'href="/searches/{search.pk}/report/"' in page


def test_the_engine_writes_the_same_shape(client: Client, search: Search, tmp_path: Any) -> None:
    """What the views read is in both; a server's numbers and dates are in one."""
    make_trials(search, 20)
    compared = comparison()
    search.comparison = compared.to_json()
    search.save()
    own = test_report.state(report(client, search))
    assert own["comparison"] == compared.to_json()
    written = made_up_searches.written(tmp_path, made_up_searches.trials(0.9, None))
    engine = test_report.state(written)
    assert own.keys() == engine.keys()
    assert own["columns"].keys() == engine["columns"].keys()
    assert engine["search"].keys() <= own["search"].keys()
    assert engine["trials"][0].keys() <= own["trials"][0].keys()


def test_frame_and_scripts_are_those_of_the_engines_report(
    client: Client, search: Search, tmp_path: Any
) -> None:
    make_trials(search, 3)
    pages = [report(client, search), made_up_searches.written(tmp_path, [])]
    assert test_report.modules(pages[0]) == test_report.modules(pages[1])
    for page in pages:
        assert json.loads(re.findall(r'"page-state">(.*?)</script>', page)[0])
