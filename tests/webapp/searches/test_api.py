"""The API: launch, lists, filters, files."""

import csv
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tests.webapp.conftest import browser
from tests.webapp.searches.conftest import Launch, small_config
from tests.webapp.searches.driving import work
from webapp.accounts.models import User
from webapp.live import log
from webapp.searches.models import Search, Trial
from webapp.state import State

pytestmark = pytest.mark.django_db
SEARCHES = "/api/v1/searches/"


def post(client: Client, address: str, body: Any = None, **headers: str) -> Any:
    return client.post(address, body or {}, content_type="application/json", headers=headers)


def test_a_preset_is_launched_with_changes_laid_over_it(client: Client, digits: Any) -> None:
    body = {
        "name": "Mine",
        "preset": "digits-demo",
        "config": {"budget": {"max_trials": 7}, "seed": 3},
    }
    answer = post(client, SEARCHES, body)
    assert answer.status_code == 201
    config = answer.json()["config"]
    assert (config["budget"]["max_trials"], config["seed"], config["parallel"]) == (7, 3, 0)


def test_the_same_key_launches_once(client: Client, digits: Any) -> None:
    body = {"name": "A", "config": small_config().to_json()}
    answers = [post(client, SEARCHES, body, Idempotency_Key="k") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    other = post(client, SEARCHES, {**body, "config": {"seed": 9}}, Idempotency_Key="k")
    assert other.status_code == 409


def test_a_wrong_setting_is_named_in_the_one_error_shape(client: Client, digits: Any) -> None:
    body = {"name": "A", "config": {"recipe": {"epochs": 0}}}
    for address in (SEARCHES, f"{SEARCHES}check/"):
        answer = post(client, address, body)
        assert (answer.status_code, answer.json()["code"]) == (422, "unusable")
        assert answer.json()["fields"] == {
            "recipe.epochs": "expected a whole number 1 to 100,000, got 0"
        }


def test_a_config_is_judged_without_launching_it(client: Client, digits: Any) -> None:
    found = post(client, f"{SEARCHES}check/", {"preset": "digits-demo"}).json()
    assert found["parameters"] > 1000
    assert found["epochs"] == 5 * 6 + (24 + 3 + 3 * 2) * 4  # controls and confirmations, too
    assert not Search.objects.exists()


def test_a_clone_links_to_its_parent(client: Client, search: Search) -> None:
    found = post(client, SEARCHES, {"name": "B", "parent": search.pk, "config": {"seed": 5}})
    assert found.json()["parent"] == search.pk
    assert found.json()["config"]["budget"] == search.config["budget"]


def test_actions_answer_with_the_search_as_it_is_now(client: Client, search: Search) -> None:
    address = f"{SEARCHES}{search.pk}/"
    found = post(client, f"{address}pause/").json()
    assert (found["state"], found["can"]["resume"]) == ("paused", True)
    again = post(client, f"{address}pause/")
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    assert post(client, f"{address}extend/", {"max_trials": 5}).json()["max_trials"] == 5
    changed = {"name": "New", "note": "n", "tags": ["t"]}
    patched = client.patch(address, changed, content_type="application/json").json()
    assert {name: patched[name] for name in changed} == changed
    assert post(client, f"{address}cancel/").json()["state"] == "cancelled"
    assert client.delete(address).status_code == 204


def test_live_events_and_list_agree(client: Client, search: Search) -> None:
    work(search)
    live = client.get(f"{SEARCHES}{search.pk}/live/").json()
    events = client.get(f"{SEARCHES}{search.pk}/events/?after=2").json()
    assert events["sequence"] == live["sequence"] == log.last_sequence(search.topic)
    assert [event["sequence"] for event in events["events"]] == list(range(3, live["sequence"] + 1))
    completed = [e["payload"] for e in events["events"] if e["kind"] == "trial.completed"]
    listed = client.get(f"{SEARCHES}{search.pk}/trials/").json()["results"]
    assert [trial["number"] for trial in live["trials"]] == [trial["number"] for trial in listed]
    by_number = {trial["number"]: trial for trial in listed}
    for payload in completed:
        trial = by_number[payload["number"]]
        shared = set(payload) & set(trial)
        assert {name: payload[name] for name in shared} == {name: trial[name] for name in shared}
    assert client.get(SEARCHES).json()["results"] == [
        {**live["search"], "elapsed_seconds": pytest.approx(live["search"]["elapsed_seconds"])}
    ]


def many_trials(search: Search, count: int) -> None:
    Trial.objects.bulk_create(
        Trial(
            search=search,
            number=number,
            state=State.COMPLETED if number % 2 else State.FAILED,
            seed=0,
            proposal={},
            notation="[conv]",
            cell={},
            accuracy=number / 100 if number % 2 else None,
            parameters=number * 10 if number % 2 else None,
        )
        for number in range(1, count + 1)
    )


def test_trials_are_filtered_ordered_and_paged(client: Client, search: Search) -> None:
    many_trials(search, 10)
    address = f"{SEARCHES}{search.pk}/trials/"
    best = client.get(f"{address}?order=-accuracy&page_size=2").json()
    assert [trial["number"] for trial in best["results"]] == [9, 7]
    assert best["count"] == 10
    rising = client.get(f"{address}?order=accuracy").json()["results"]
    assert rising[-1]["accuracy"] is None
    few = client.get(f"{address}?state=completed&min_accuracy=0.05&max_parameters=70").json()
    assert [trial["number"] for trial in few["results"]] == [5, 7]
    for wrong in ("state=done", "order=nothing"):
        assert client.get(f"{address}?{wrong}").json()["code"] == "invalid"


@pytest.mark.parametrize("count", [2, 200])
@pytest.mark.parametrize(
    ("address", "queries"),
    [("live/", 8), ("summaries/", 8), ("trials/", 5), ("trials.csv", 4), ("events/", 8), ("", 4)],
)
def test_queries_do_not_grow_with_the_trials(
    count: int,
    address: str,
    queries: int,
    client: Client,
    search: Search,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    many_trials(search, count)
    with django_assert_max_num_queries(queries):
        assert client.get(f"{SEARCHES}{search.pk}/{address}").status_code == 200


def test_the_table_comes_as_csv_and_json(client: Client, search: Search) -> None:
    many_trials(search, 3)
    Trial.objects.filter(number=2).update(failure="=cmd()")
    answer = client.get(f"{SEARCHES}{search.pk}/trials.csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert [row["accuracy"] for row in rows] == ["0.01", "", "0.03"]
    assert rows[1]["failure"] == "'=cmd()"
    assert "attachment" in answer["Content-Disposition"]
    assert len(client.get(f"{SEARCHES}{search.pk}/trials.json").json()) == 3


@pytest.mark.thorough
def test_the_zip_loads_by_its_own_script_and_says_the_accuracy_of_the_page(
    client: Client, search: Search, tmp_path: Path
) -> None:
    work(search)
    answer = client.get(f"{SEARCHES}{search.pk}/download/")
    content = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(tmp_path / "zip")
    (folder,) = (tmp_path / "zip").iterdir()
    sums = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=folder, check=False)
    assert sums.returncode == 0
    root = Path(__file__).parents[3]
    ran = subprocess.run(
        [sys.executable, "load.py"],
        cwd=folder,
        env={"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert str(search.best_accuracy) in ran.stdout
    assert len((folder / "load.py").read_text().splitlines()) <= 25
    assert json.loads((folder / "metrics.json").read_text())["number"] == search.best_trial


def test_a_broken_download_goes_on(client: Client, search: Search) -> None:
    work(search, trials=1)
    address = f"{SEARCHES}{search.pk}/trials/1/download/"
    whole = client.get(address)
    content = b"".join(whole.streaming_content)  # type: ignore[attr-defined]
    size, etag = len(content), whole["ETag"]
    first = client.get(address, headers={"Range": "bytes=0-99"})
    rest = client.get(address, headers={"Range": "bytes=100-", "If-Range": etag})
    assert (first.status_code, rest.status_code) == (206, 206)
    assert first.content + rest.content == content
    assert rest["Content-Range"] == f"bytes 100-{size - 1}/{size}"
    last = client.get(address, headers={"Range": "bytes=-5"})
    assert last.content == content[-5:]
    assert client.get(address, headers={"Range": f"bytes={size}-"}).status_code == 416
    changed = client.get(address, headers={"Range": "bytes=100-", "If-Range": '"other"'})
    assert changed.status_code == 200


def test_the_trial_has_its_confusion_matrix(client: Client, search: Search) -> None:
    work(search, trials=1)
    found = client.get(f"{SEARCHES}{search.pk}/trials/1/").json()
    images = search.config["data"]["validation"]
    assert sum(map(sum, found["confusion"])) == images
    assert len(found["per_class_accuracy"]) == len(found["class_names"]) == 10
    right = sum(row[i] for i, row in enumerate(found["confusion"]))
    assert right / images == pytest.approx(found["trial"]["accuracy"])


def test_a_shared_search_is_listed_and_taken_back(
    client: Client, launch: Launch, charlie: User
) -> None:
    address = f"{SEARCHES}{launch().pk}/shares/"
    assert post(client, address, {"username": "charlie"}).status_code == 204
    assert client.get(address).json() == [{"username": "charlie"}]
    assert browser(charlie).get(SEARCHES).json()["count"] == 1
    assert client.delete(f"{address}?username=charlie").status_code == 204
    assert post(client, address, {"username": "nobody"}).json()["code"] == "not_found"
