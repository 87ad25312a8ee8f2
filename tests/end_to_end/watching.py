"""What somebody does in front of the pages, and whether the pages say what is so."""

import re
from collections.abc import Mapping
from typing import Any

from playwright.sync_api import Page, expect

from tests.end_to_end.installation import Espalier

SECONDS, MINUTES = 1_000, 60_000
PASSWORD = "a long walk among pear trees"
FEW_IMAGES = {"validation": 150, "calibration": 50, "train_limit": 400}
"""Enough where it does not matter how good a network becomes."""

# The page's log leaves them out.
QUIET = "trial.progress", "start_network.progress", "comparison.progress"

READ_TABLE = """() => [...document.querySelectorAll("#rows tr[data-number]")].map((row) => [
  Number(row.dataset.number),
  row.querySelector("td.accuracy").innerText.replace(/[^0-9.]/g, ""),
  row.querySelector("td.state .state").innerText])"""
READ_LOG = """() => [...document.querySelectorAll("#log time")].map((time) => time.dateTime)"""


def make_first_account(page: Page, address: str, name: str = "ada") -> None:
    """Whoever comes first makes the first account."""
    page.goto(address)
    expect(page).to_have_url(re.compile("/setup/"))
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label(re.compile("again|confirm", re.IGNORECASE)).fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect(page).not_to_have_url(re.compile("/setup/"))


def sign_in(page: Page, address: str, name: str) -> None:
    page.goto(f"{address}/sign-in/")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name=re.compile("sign in", re.IGNORECASE)).click()
    expect(page).not_to_have_url(re.compile("/sign-in/"))


def post(page: Page, url: str, body: Mapping[str, Any]) -> Any:
    """To the API, as the page's own scripts do it."""
    (token,) = (c["value"] for c in page.context.cookies() if c.get("name") == "csrftoken")
    headers = {"X-CSRFToken": token, "Referer": url}
    answer = page.request.post(url, data=dict(body), headers=headers)
    assert answer.ok, answer.text()
    return answer.json() if answer.body() else None


def launch(page: Page, address: str, name: str, *, trials: int, **config: Any) -> int:
    """A small search on digits; its id."""
    body = {
        "name": name,
        "preset": "digits-demo",
        "config": {
            "start_recipe": {"epochs": 2, "learning_rate": 0.1},
            "start_rounds": {"max_rounds": 1},
            "budget": {"max_trials": trials},
            "control": 0,
            "confirmation": {"finalists": 0},
            **config,
        },
    }
    return int(post(page, f"{address}/api/v1/searches/", body)["id"])


def live(page: Page, address: str, search: int) -> dict[str, Any]:
    """What the API says of a search."""
    answer = page.request.get(f"{address}/api/v1/searches/{search}/live/")
    assert answer.ok
    return dict(answer.json())


def events(page: Page, address: str, search: int) -> list[dict[str, Any]]:
    """All events of a search that the API gives."""
    found: list[dict[str, Any]] = []
    while True:
        after = found[-1]["sequence"] if found else 0
        answer = page.request.get(f"{address}/api/v1/searches/{search}/events/?after={after}")
        assert answer.ok
        more = answer.json()["events"]
        if not more:
            return found
        found += more


def search_of(page: Page) -> int:
    """The search that the page shows."""
    number = re.search(r"/searches/(\d+)/", page.url)
    assert number is not None
    return int(number[1])


def check_page(page: Page, espalier: Espalier) -> None:
    """Of a search that has ended: page, API and database say the same, and nothing is missing."""
    search = search_of(page)
    expect(page.locator("#live")).to_have_text("Live")
    said = live(page, espalier.address, search)
    shown = sorted(
        (number, text, state.lower()) for number, text, state in page.evaluate(READ_TABLE)
    )
    assert shown == sorted(
        (trial["number"], f"{100 * trial['accuracy']:.2f}", trial["state"])
        for trial in said["trials"]
    )
    stored = espalier.rows(
        f"select number, accuracy, state from searches_trial where search_id = {search}"
    )
    assert sorted(stored) == sorted(
        (trial["number"], trial["accuracy"], trial["state"]) for trial in said["trials"]
    )
    most = said["search"]["max_trials"]
    assert [number for number, *_ in shown] == list(range(1, most + 1))
    expect(page.locator("#trials-count")).to_contain_text(re.compile(rf"^{most}\s*of {most}"))
    check_events(page, espalier, search)


def check_events(page: Page, espalier: Espalier, search: int) -> None:
    """Sequences have no hole, every trial ended once, and the page's log has every line."""
    told = events(page, espalier.address, search)
    stored = espalier.rows(
        "select e.sequence from live_event e join live_log l on l.id = e.log_id"
        f" where l.kind = 'search' and l.topic_id = {search} order by e.sequence"
    )
    assert [number for (number,) in stored] == list(range(1, len(stored) + 1))
    assert [event["sequence"] for event in told] == list(range(1, len(told) + 1))
    ended = [event["payload"]["number"] for event in told if event["kind"] == "trial.completed"]
    assert sorted(ended) == sorted(set(ended))
    lines = [event["at"] for event in told if event["kind"] not in QUIET]
    assert page.evaluate(READ_LOG) == lines
