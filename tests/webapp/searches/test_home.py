"""The list of searches: what each row says, filters, pages, and that rows cost no queries."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tests.comparing import comparison
from tests.webapp.searches.conftest import Launch
from tests.webapp.searches.driving import work
from webapp.accounts.models import User
from webapp.searches import estimates, services
from webapp.searches.models import Search
from webapp.searches.views import HOME_SEARCHES
from webapp.state import State

pytestmark = pytest.mark.django_db


def rows(client: Client, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(f"/{query}").context["page_state"]["searches"]
    return found


def test_a_row_says_how_the_best_rose_and_what_it_looks_like(
    client: Client, search: Search
) -> None:
    work(search)
    (row,) = rows(client)
    assert search.best_trial is not None
    best = search.trials.get(number=search.best_trial)
    assert row["best_history"][-1][1] == row["best_accuracy"] == best.accuracy
    counts = [count for count, _ in row["best_history"]]
    assert counts == sorted(counts)
    assert 1 <= counts[0] <= counts[-1] <= 3
    assert row["best_notation"] == best.notation
    assert (row["trials_completed"], row["owner"], row["eta_seconds"]) == (3, "alice", None)


def test_a_row_says_the_gain_over_the_control_once_it_is_confirmed(
    client: Client, search: Search
) -> None:
    assert rows(client)[0]["gain"] is None
    for compared, known in ((comparison(), True), (comparison(with_control=False), False)):
        search.comparison = compared.to_json()
        search.save()
        (row,) = rows(client)
        assert (row["gain"] is not None) == known
        if compared.gain is not None:
            assert row["gain"]["difference"] == compared.gain.difference
            assert row["gain"]["verdict"] == "alike"


def test_what_is_left_is_reckoned_from_the_latest_trials(search: Search) -> None:
    search.state, search.max_trials, search.trials_completed = State.RUNNING, 10, 5
    search.config["parallel"] = 2
    # Sorted 1, 2, 3, 4, 5: the middle half is 2 to 4; one of 5 that are left is half done.
    search.recent_seconds = [5.0, 1.0, 3.0, 2.0, 4.0]
    assert estimates.seconds_left(search, running=1) == [4.5 * 2 / 2, 4.5 * 4 / 2]


def test_nothing_is_reckoned_before_the_first_trial_and_after_the_end(search: Search) -> None:
    assert estimates.seconds_left(search, running=0) is None
    search.recent_seconds, search.state = [1.0], State.COMPLETED
    assert estimates.seconds_left(search, running=0) is None


def test_only_the_latest_trials_count(search: Search) -> None:
    search.recent_seconds = [1.0] * estimates.RECENT
    assert estimates.with_seconds(search, 9.0)[-2:] == [1.0, 9.0]
    assert len(estimates.with_seconds(search, 9.0)) == estimates.RECENT


def test_the_list_is_filtered_by_state_and_tag(client: Client, launch: Launch, alice: User) -> None:
    one, two = launch(), launch(seed=1)
    services.set_tags(alice, one.pk, ["été", "two words"])
    services.cancel(alice, two.pk)
    assert [row["id"] for row in rows(client, "?tag=%C3%A9t%C3%A9")] == [one.pk]
    assert [row["id"] for row in rows(client, "?tag=two")] == []
    assert [row["id"] for row in rows(client, "?state=cancelled")] == [two.pk]
    assert len(rows(client, "?state=nothing")) == 2
    answer = client.get("/api/v1/searches/?tag=two words").json()
    assert [row["id"] for row in answer["results"]] == [one.pk]


def test_a_long_list_comes_in_pages(client: Client, launch: Launch) -> None:
    first = launch()
    for seed in range(HOME_SEARCHES):
        launch(seed=seed)
    assert len(rows(client)) == HOME_SEARCHES
    assert [row["id"] for row in rows(client, "?page=2")] == [first.pk]
    page = client.get("/?page=2&state=queued")
    assert f"26–26 of {HOME_SEARCHES + 1} searches" in page.content.decode()
    assert page.context["page_state"]["query"] == f"state=queued&page=2&page_size={HOME_SEARCHES}"


@pytest.mark.parametrize("count", [1, 20])
def test_queries_do_not_grow_with_the_searches(
    count: int,
    client: Client,
    launch: Launch,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for seed in range(count):
        launch(seed=seed)
    with django_assert_max_num_queries(5):
        assert len(rows(client)) == count


def test_a_filter_that_nothing_passes_says_so(client: Client, search: Search) -> None:
    assert "No search is like that" in client.get("/?state=failed").content.decode()
