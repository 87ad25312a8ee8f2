"""The pages of searches and of their trials."""

from typing import Any

import pytest
from django.test import Client

from tests.webapp.conftest import browser
from tests.webapp.searches.conftest import Launch
from tests.webapp.searches.grown import grow_trials
from webapp.accounts.models import User
from webapp.live import log
from webapp.searches.models import Search, Trial
from webapp.state import State

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("digits", "clothing")]


def test_one_click_grows_a_network_on_clothes(client: Client) -> None:
    answer = client.post("/searches/demo/")
    assert answer.status_code == 302
    assert Search.objects.get().preset == "clothing-demo"


def test_looking_starts_no_work(client: Client) -> None:
    client.post("/searches/demo/")
    search = Search.objects.get()
    before = log.last_sequence(search.topic)
    for address in ("/", f"/searches/{search.pk}/", "/searches/new/"):
        assert client.get(address).status_code == 200
    search.refresh_from_db()
    assert log.last_sequence(search.topic) == before


def test_a_page_without_script_can_steer(client: Client) -> None:
    client.post("/searches/demo/")
    address = f"/searches/{Search.objects.get().pk}/"
    client.post(f"{address}cancel/")
    assert Search.objects.get().state == "cancelled"
    assert client.post(f"{address}cancel/", follow=True).status_code == 200
    client.post(f"{address}delete/")
    assert not Search.objects.exists()


def test_the_page_says_where_its_events_go_on(client: Client) -> None:
    client.post("/searches/demo/")
    search = Search.objects.get()
    state = client.get(f"/searches/{search.pk}/").context["page_state"]
    assert state["sequence"] == log.last_sequence(search.topic)
    assert state["search"]["state"] == "queued"


def test_note_and_tags_are_shown_to_all_and_edited_by_the_owner(
    client: Client, search: Search, bob: User
) -> None:
    Search.objects.filter(pk=search.pk).update(note="Second <try>", tags=["thesis"])
    address = f"/searches/{search.pk}/"
    own, shared = client.get(address).content.decode(), browser(bob).get(address).content.decode()
    for page in (own, shared):
        assert "Second &lt;try&gt;" in page
        assert '<a class="tag" href="/?tag=thesis">thesis</a>' in page
    assert 'id="about-form"' in own
    assert 'id="about-form"' not in shared


def test_the_page_names_its_scripts_in_its_head(client: Client, search: Search) -> None:
    page = client.get(f"/searches/{search.pk}/").content.decode()
    for name in ("pages/search.js", "views/chart.js", "domain/notation.js"):
        assert f'<link rel="modulepreload" href="/static/js/{name}">' in page
    assert "/static/vendor/uplot-1.6.32/uPlot.js" in page
    assert "views/sharing.js" not in page  # which is asked for when it is needed


def test_a_traceback_is_for_the_owner_alone(client: Client, search: Search, bob: User) -> None:
    Trial.objects.create(
        search=search,
        number=1,
        state=State.FAILED,
        seed=0,
        proposal={},
        notation="[G3x3]",
        cell={},
        failure="A fault of Espalier",
        traceback="ZeroDivisionError: oops",
    )
    address = f"/searches/{search.pk}/trials/1/"
    assert client.get(address).context["page_state"]["traceback"] == "ZeroDivisionError: oops"
    assert browser(bob).get(address).context["page_state"]["traceback"] == ""


def test_a_trials_page_has_the_line_that_it_grew_on(client: Client, launch: Launch) -> None:
    search = launch(strategy="grow")
    layer, width = grow_trials(search)

    def line(number: int) -> dict[str, Any]:
        page = client.get(f"/searches/{search.pk}/trials/{number}/")
        return page.context["page_state"]["line"]

    assert [(one["number"], one["move"], one["accuracy"]) for one in line(3)["ancestors"]] == [
        (1, "widen", 0.91),
        (2, "rest", 0.902),
    ]
    assert line(3)["widths"] == [{"layer": layer, "before": width + 2, "after": width + 6}]
    assert line(1)["ancestors"] == line(2)["widths"] == line(4)["widths"] == []
    assert line(4)["sites"] is not None
