"""Whatever befalls a search: it completes, each trial counts once, and the page has no gap."""

import re
from typing import Any

from playwright.sync_api import Page, expect

from tests.end_to_end.installation import WEB, WORKER, Espalier
from tests.end_to_end.watching import (
    FEW_IMAGES,
    MINUTES,
    READ_TABLE,
    SECONDS,
    check_page,
    launch,
    live,
    make_first_account,
)
from tests.webapp.core.process_tree import until

SMALL: dict[str, Any] = {
    "trials": 6,
    "data": FEW_IMAGES,
    "recipe": {"epochs": 15, "learning_rate": 0.1},
}
"""Each trial so long that it can be killed in its midst."""

INTERRUPTED_SECONDS = 30
WATCH_FOR_INTERRUPTED = """() => {
  const rows = document.getElementById("rows"), from = performance.now();
  window.interruptedAfter = null;
  new MutationObserver(() => {
    const seen = /Interrupted|Running again/.test(rows.innerText);
    if (seen) window.interruptedAfter ??= performance.now() - from;
  }).observe(rows, { childList: true, subtree: true, characterData: true });
}"""


def test_a_search_outlives_pause_reload_restart_and_whatever_is_lost(
    page: Page, either: Espalier
) -> None:
    make_first_account(page, either.address)
    search = launch(page, either.address, "Beset", parallel=4, **SMALL)
    page.goto(f"{either.address}/searches/{search}/")
    expect(page.locator("#best-accuracy")).to_contain_text(re.compile(r"\d"), timeout=2 * MINUTES)

    pause_and_reload(page)
    page.evaluate("window.sameAsBefore = true")
    until(lambda: in_mid_trial(page, either, search), "a trial in its midst")
    either.restart()
    expect(page.locator("#live")).to_have_text("Live", timeout=MINUTES)
    lose_worker_and_broker(page, either, search)
    lose_web_process(page, either)

    expect(page.locator("#search-state")).to_have_text("Completed", timeout=4 * MINUTES)
    assert page.evaluate("window.sameAsBefore"), "the page was loaded anew"
    check_page(page, either)
    page.reload()
    check_page(page, either)


def pause_and_reload(page: Page) -> None:
    """What was there before is there after, and news goes on arriving."""
    page.locator("#do-pause").click()
    expect(page.locator("#search-state")).to_have_text("Paused", timeout=MINUTES)
    before = completed(page)
    page.reload()
    expect(page.locator("#live")).to_have_text("Live")
    expect(page.locator("#search-state")).to_have_text("Paused")
    assert completed(page) == before
    page.locator("#do-resume").click()


def completed(page: Page) -> dict[int, str]:
    rows: list[Any] = page.evaluate(READ_TABLE)
    return {number: accuracy for number, accuracy, state in rows if state == "Completed"}


def lose_worker_and_broker(page: Page, espalier: Espalier, search: int) -> None:
    """The worker is killed in mid-trial, and the messages are gone when another has begun.

    The page shows the trial as interrupted within 30 s, when its lease has run out.
    """
    page.evaluate(WATCH_FOR_INTERRUPTED)
    number = until(lambda: in_mid_trial(page, espalier, search), "a trial in its midst")
    espalier.kill(WORKER)
    until(lambda: in_mid_trial(page, espalier, search, besides=number), "another trial")
    until(espalier.waiting_messages, "messages in the broker")
    espalier.empty_broker()
    page.wait_for_function("() => window.interruptedAfter !== null", timeout=MINUTES)
    assert page.evaluate("window.interruptedAfter") <= INTERRUPTED_SECONDS * SECONDS


def in_mid_trial(page: Page, espalier: Espalier, search: int, besides: int = 0) -> int | None:
    """A trial that has begun and is not at its last epoch."""
    for trial in live(page, espalier.address, search)["trials"]:
        underway = trial["state"] == "running" and 0 < (trial["epoch"] or 0) < trial["epochs"]
        if underway and trial["number"] != besides:
            return int(trial["number"])
    return None


def lose_web_process(page: Page, espalier: Espalier) -> None:
    """With the page open: it says so, and what it missed arrives when the process is back."""
    espalier.kill(WEB)
    expect(page.locator("#connection")).to_contain_text(re.compile("Reconnecting|No connection"))
    expect(page.locator("#live")).to_have_text("Not live")
    expect(page.locator("#live")).to_have_text("Live", timeout=MINUTES)
    expect(page.locator("#connection")).to_be_hidden()
