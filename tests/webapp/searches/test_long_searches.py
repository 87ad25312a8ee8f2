"""Searches of thousands of trials: what a page is sent at first, and what it reads afterwards."""

import gzip
import json
import re
from typing import Any

import pytest
from django.test import Client

from tests.webapp.searches.driving import work
from webapp.checkpoints.models import Checkpoint, Origin
from webapp.live import log
from webapp.searches.json import searches
from webapp.searches.json.trials import CHARTED
from webapp.searches.models import Search, Trial
from webapp.state import State

pytestmark = pytest.mark.django_db

BRANCHES = [{"operation": "sep_conv_3x3"}] * 8
GROWTH = [
    {"type": "set_merge", "node": [], "merge": "add", "branches": 8},
    *[{"type": "replace_identity", "branch": [0], "operation": "sep_conv_3x3"}] * 11,
]
CELL = {"version": 1, "root": {"merge": "add", "allocation": "replicate", "branches": BRANCHES}}


def make_trials(search: Search, count: int, *, running: int = 0) -> None:
    """Trials with all that makes them heavy; the 7th is the best, the last ones run."""
    rows = []
    for number in range(1, count + 1):
        runs = number > count - running
        accuracy = None if runs else (0.99 if number == 7 else 0.5 + number / (10 * count))
        rows.append(
            Trial(
                search=search,
                number=number,
                state=State.RUNNING if runs else State.COMPLETED,
                seed=number,
                proposal={"transformations": GROWTH},
                notation="add[sep3, sep3]",
                cell=CELL,
                accuracy=accuracy,
                reward=accuracy,
                result=None if runs else {"curve": [0.1] * 20},
                worker=f"gpu{number % 2}@lab",
                diagnostics={"baseline": 0.123456789, "entropy": 1.0, "share.conv_1x1": 0.5},
            )
        )
    Trial.objects.bulk_create(rows)
    search.best_trial, search.best_accuracy = 7, 0.99
    search.save()


def page_state(client: Client, search: Search) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/searches/{search.pk}/").context["page_state"]
    return found


def summaries(client: Client, search: Search) -> dict[str, Any]:
    return dict(client.get(f"/api/v1/searches/{search.pk}/summaries/").json())


def test_a_short_search_is_embedded_whole(client: Client, search: Search) -> None:
    make_trials(search, 20)
    state = page_state(client, search)
    assert len(state["trials"]) == state["trials_total"] == 20


def test_a_long_search_embeds_what_is_seen_first(client: Client, search: Search) -> None:
    make_trials(search, 400, running=2)
    state = page_state(client, search)
    numbers = {trial["number"] for trial in state["trials"]}
    assert state["trials_total"] == 400
    assert len(numbers) < searches.NEWEST + searches.BEST + 10
    assert {7, 399, 400} <= numbers
    assert state["search"]["trials_running"] == 2


def test_cells_and_curves_are_left_out_of_ended_trials_but_the_best(
    client: Client, search: Search
) -> None:
    make_trials(search, 20, running=1)
    trials = {trial["number"]: trial for trial in page_state(client, search)["trials"]}
    assert (trials[5]["cell"], trials[5]["transformations"], trials[5]["curve"]) == (None, None, [])
    assert trials[5]["notation"] == "add[sep3, sep3]"
    assert set(trials[5]["diagnostics"]) == set(CHARTED)
    for number in (7, 20):
        assert trials[number]["cell"] == CELL
        assert len(trials[number]["transformations"]) == 12


def test_the_trials_own_address_has_what_was_left_out(client: Client, search: Search) -> None:
    make_trials(search, 20)
    found = client.get(f"/api/v1/searches/{search.pk}/trials/5/").json()["trial"]
    assert found["cell"] == CELL
    assert len(found["curve"]) == 20


def test_summaries_have_every_trial_in_columns(client: Client, search: Search) -> None:
    make_trials(search, 400, running=1)
    Trial.objects.filter(search=search, number=3).update(
        state=State.FAILED, failure="diverged", accuracy=None, pinned=True
    )
    found = summaries(client, search)
    columns = found["columns"]
    assert columns["number"] == list(range(1, 401))
    assert [found["states"][place] for place in columns["state"][2:4]] == ["failed", "completed"]
    assert (columns["failure"], columns["pinned"]) == ({"3": "diverged"}, [3])
    assert columns["baseline"][0] == 0.12346
    assert [found["workers"][place] for place in columns["worker"][:2]] == ["gpu1@lab", "gpu0@lab"]
    assert [trial["number"] for trial in found["trials"]] == [7, 400]


def test_summaries_of_a_search_without_trials_are_empty(client: Client, search: Search) -> None:
    found = summaries(client, search)
    assert found["columns"]["number"] == found["trials"] == []
    assert found["sequence"] == log.last_sequence(search.topic)


def test_summaries_agree_with_the_list(client: Client, search: Search) -> None:
    work(search)
    columns = summaries(client, search)["columns"]
    listed = client.get(f"/api/v1/searches/{search.pk}/trials/").json()["results"]
    for name in ("number", "notation", "parameters", "multiply_adds"):
        assert columns[name] == [trial[name] for trial in listed]
    assert columns["accuracy"] == pytest.approx([t["accuracy"] for t in listed], abs=1e-6)
    kept = Checkpoint.objects.filter(search=search, origin=Origin.TRIAL)
    assert columns["kept"] == sorted(kept.values_list("trial__number", flat=True))


def test_five_thousand_trials_are_a_small_page_and_less_than_a_megabyte_in_all(
    client: Client, search: Search
) -> None:
    make_trials(search, 5000)
    headers = {"accept-encoding": "gzip"}
    page = client.get(f"/searches/{search.pk}/", headers=headers)
    whole = client.get(f"/api/v1/searches/{search.pk}/summaries/", headers=headers)
    assert page["Content-Encoding"] == whole["Content-Encoding"] == "gzip"
    assert len(page.content) < 30_000
    assert len(whole.content) < 1_000_000
    assert len(json.loads(gzip.decompress(whole.content))["columns"]["number"]) == 5000


def test_the_best_accuracy_stands_in_the_page_before_any_script(
    client: Client, search: Search
) -> None:
    make_trials(search, 20)
    Search.objects.filter(pk=search.pk).update(validation_images=400)
    page = client.get(f"/searches/{search.pk}/").content.decode()
    assert '<dd id="best-accuracy">99.0 <small>% ± 0.5</small></dd>' in page
    assert re.search(r'id="best-note">\s*trial 7\s*</dd>', page)
