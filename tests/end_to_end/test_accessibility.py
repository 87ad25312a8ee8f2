"""No page has a fault that axe calls serious or critical, in light and in dark.

Against Django's own server, with the rows of a small search that has really been run.
"""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import get_resolver
from playwright.sync_api import Browser, Page, expect

from tests.end_to_end.prepared import *  # noqa: F403 - fixtures
from tests.webapp.searches.conftest import Launch
from webapp.accounts.models import Installation
from webapp.checkpoints.models import Checkpoint
from webapp.datasets.models import Dataset
from webapp.searches.models import Search

pytestmark = pytest.mark.django_db(transaction=True)

GRAVE = ("serious", "critical")
SCHEMES = ("light", "dark")
# No pages: what only answers a POST or another program, and what others made.
PROGRAMS_ASK = ("api", "healthz", "metrics", "readyz")
NOT_PAGES = (*PROGRAMS_ASK, "admin", "search_check", "launch_demo", "sign_out")


def faults(page: Page, place: str) -> list[str]:
    """What axe finds in both schemes, each with the first element that has it."""
    found = []
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        # What is not a matter of colours is the same in both.
        rules = {} if scheme == "light" else {"runOnly": ["color-contrast"]}
        options = {"resultTypes": ["violations"], **rules}
        for fault in Axe().run(page, options=options).response["violations"]:
            if fault["impact"] in GRAVE:
                node = fault["nodes"][0]["html"][:160]
                found.append(f"{place}, {scheme}: {fault['id']}: {node}")
    return found


def plain_pages() -> list[str]:
    """Addresses of all pages that need nothing to be named."""
    addresses = []
    for outer in get_resolver().url_patterns:
        for inner in getattr(outer, "url_patterns", [outer]):
            route = str(inner.pattern) if inner is outer else f"{outer.pattern}{inner.pattern}"
            name = getattr(inner, "name", None) or "api"
            if "<" not in route and not (route.startswith(NOT_PAGES) or name.startswith(NOT_PAGES)):
                addresses.append(f"/{route}")
    return sorted(addresses)


def is_page(page: Page, address: str) -> bool:
    """It answers a GET with a page; others answer a POST alone."""
    answer = page.request.get(address)
    return answer.ok and "html" in answer.headers.get("content-type", "")


def test_pages_are_found_by_themselves() -> None:
    assert {"/", "/workers/", "/searches/new/", "/datasets/", "/checkpoints/"} <= set(plain_pages())


def test_every_page_that_needs_nothing_is_accessible(opened: Page, search: Search) -> None:
    found = []
    for address in plain_pages():
        if is_page(opened, address):
            opened.goto(address)
            found += faults(opened, address)
    assert found == []


def test_pages_of_a_search_are_accessible(opened: Page, search: Search) -> None:
    checkpoint = Checkpoint.objects.filter(search=search).earliest("pk")
    dataset = Dataset.objects.get(engine_name="digits")
    found = []
    for address in (
        f"/searches/{search.pk}/",
        f"/searches/{search.pk}/trials/1/",
        f"/searches/{search.pk}/trials/2/",
        f"/checkpoints/{checkpoint.pk}/",
        f"/datasets/{dataset.pk}/",
        f"/users/{search.owner_id}/",
        f"/searches/new/?from={search.pk}",
        "/?state=paused",
        "/nowhere/",
    ):
        opened.goto(address)
        found += faults(opened, address)
    assert found == []


def test_what_opens_on_the_search_page_is_accessible(opened: Page, search: Search) -> None:
    opened.goto(f"/searches/{search.pk}/")
    opened.get_by_role("button", name="Details of trial 1", exact=True).click()
    expect(opened.locator(".row-actions")).to_be_visible()
    opened.locator("#best-canvas .op").first.focus()
    expect(opened.locator(".tip.over")).to_contain_text("parameters")
    found = faults(opened, "an opened row, and a chip that has the focus")
    opened.get_by_role("button", name="Edit", exact=True).click()
    found += faults(opened, "the form of note and tags")
    opened.locator("#about-cancel").click()
    for name in ("Share…", "Rename…", "Extend the budget…"):
        opened.get_by_role("button", name="More", exact=True).click()
        found += faults(opened, "the menu")
        opened.get_by_role("button", name=name).click()
        expect(opened.get_by_role("dialog")).to_be_visible()
        found += faults(opened, name)
        opened.keyboard.press("Escape")
    assert found == []


def test_a_search_that_waits_says_so_accessibly(opened: Page, launch: Launch) -> None:
    waiting = launch()
    opened.goto(f"/searches/{waiting.pk}/")
    expect(opened.locator("#waiting-why")).to_contain_text("No worker is online.")
    assert faults(opened, "a search that waits") == []


def test_the_first_visit_and_the_sign_in_are_accessible(
    browser: Browser, transactional_db: None, live_server: Any
) -> None:
    found = []
    context = browser.new_context(base_url=live_server.url, reduced_motion="reduce")
    page = context.new_page()
    page.goto("/")
    found += faults(page, page.url)
    Installation.objects.get_or_create()
    page.goto("/sign-in/")
    page.get_by_role("button", name="Sign in").click()
    found += faults(page, "/sign-in/")
    context.close()
    assert found == []
