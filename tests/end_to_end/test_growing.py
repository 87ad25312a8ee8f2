"""Growing in generations, to a confirmed winner and on from there, with two workers."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.end_to_end.installation import Espalier, installation
from tests.end_to_end.test_disasters import in_mid_trial
from tests.end_to_end.watching import (
    FEW_IMAGES,
    MINUTES,
    check_events,
    launch,
    live,
    make_first_account,
    search_of,
)
from tests.webapp.core.process_tree import until

CHILDREN = 4
GROWING: dict[str, Any] = {
    "strategy": "grow",
    "data": FEW_IMAGES,
    "recipe": {"epochs": 6, "learning_rate": 0.1},
    "parallel": 2,
    "control": 1,
    "confirmation": {"finalists": 2, "seeds": 1},
}


@pytest.fixture
def two_workers(with_servers: bool, tmp_path: Any, first_start: Any) -> Any:
    with installation(
        tmp_path / "var", with_servers=with_servers, like=first_start, ESPALIER_CPU_WORKERS="2"
    ) as running:
        yield running


# Embedded, the first click's search grows: tests/end_to_end/test_digits_demo.py.
@pytest.mark.parametrize("with_servers", [True], ids=["PostgreSQL and Redis"], indirect=True)
def test_a_winner_is_confirmed_and_grows_further(page: Page, two_workers: Espalier) -> None:
    make_first_account(page, two_workers.address)
    search = launch(page, two_workers.address, "Vine", trials=CHILDREN, **GROWING)
    page.goto(f"{two_workers.address}/searches/{search}/")
    until(lambda: in_mid_trial(page, two_workers, search), "a trial in its midst")
    two_workers.kill("cpu0@")

    winner = check_confirmed(page, two_workers)
    page.locator("#grow-further").click()
    # Only a cell that has grown restricts the strategies: the winner may be wider or deeper alone.
    heading = re.compile(r"Grow further|New search from a\s+checkpoint")
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    page.get_by_label("Trials", exact=True).fill("2")
    page.get_by_role("button", name="Launch the search").click()
    expect(page).not_to_have_url(re.compile(rf"/searches/{search}/"))
    check_confirmed(page, two_workers)
    further = live(page, two_workers.address, search_of(page))
    assert further["comparison"]["start"]["parameters"] == winner["parameters"]


def check_confirmed(page: Page, espalier: Espalier) -> Any:
    """The search ends, each of its trials once, and the page says what the API does of its winner.

    Returns:
        The winner.
    """
    expect(page.locator("#search-state")).to_have_text("Completed", timeout=4 * MINUTES)
    search = search_of(page)
    said = live(page, espalier.address, search)
    trials = said["trials"]
    assert [trial["number"] for trial in trials] == list(range(1, len(trials) + 1))
    assert {trial["role"] for trial in trials} == {"child", "control", "confirmation"}
    check_events(page, espalier, search)
    comparison = said["comparison"]
    expect(page.locator("#confirmed .sentence")).to_have_text(comparison["sentence"])
    expect(page.locator("#confirmed")).to_have_attribute(
        "data-verdict", comparison["gain"]["verdict"]
    )
    return comparison["winner"]
