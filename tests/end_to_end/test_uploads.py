"""Every archive of the table, as somebody uploads it in a browser and answers what the page asks.

The command line is tested with the same table: `tests/search_engine/pictures/test_cases.py`.
"""

import re
from collections.abc import Mapping

import pytest
from playwright.sync_api import Page, expect

from search_engine.spec.pictures_text import HINTS
from tests.end_to_end.prepared import *  # noqa: F403 - fixtures
from tests.end_to_end.watching import MINUTES
from tests.search_engine.pictures.cases import CASES, FOLDER, Case
from tests.webapp.conftest import in_this_process, no_renewals
from tests.webapp.datasets.conftest import own_files, prepare
from webapp.datasets.child.upload import LOOK_AT
from webapp.datasets.models import Dataset

__all__ = ["in_this_process", "no_renewals", "own_files"]

pytestmark = pytest.mark.django_db(transaction=True)

READ_CLASSES = """() => [...document.querySelectorAll("table.found tbody tr")].map((row) => [
  row.querySelector("[data-found]").value,
  ...[...row.querySelectorAll("td.n")].map((cell) => Number(cell.innerText.replace(",", "")))])"""
READ_CARDS = """() => [...document.querySelectorAll(".class h3")].map((head) => [
  head.querySelector("span").innerText,
  ...head.querySelector("small").innerText.replaceAll(",", "").match(/\\d+/g).map(Number)])"""


@pytest.mark.usefixtures("in_this_process", "no_renewals")
def test_every_archive_through_the_page(opened: Page) -> None:
    """Django's own server, and the worker's part in this process: what is tested is what is asked,
    shown and made of the answers. A process of its own has tests of its own."""
    faults = []
    for name, case in CASES.items():
        try:
            upload(opened, name)
            look_through(opened, case)
        except AssertionError as fault:
            faults.append(f"{name} at {opened.url}: {fault}")
    assert not faults, "\n\n".join(faults)


def upload(page: Page, name: str) -> None:
    """Send it, and see what a worker made of it."""
    page.goto("/datasets/upload/")
    page.locator("input[type=file]").set_input_files(FOLDER / name)
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page).to_have_url(re.compile(r"/datasets/\d+/$"), timeout=MINUTES)
    let_it_be_read(page)


def let_it_be_read(page: Page) -> None:
    """Do as a worker what the page has asked for; nobody looks meanwhile."""
    address = page.url
    page.goto("about:blank")
    prepare(Dataset.objects.latest("pk"))
    page.goto(address)


def look_through(page: Page, case: Case) -> None:
    """From the first look of a worker to the prepared data set, or to the refusal."""
    if case.status == 2:
        (code,) = case.faults
        expect(page.get_by_role("heading", name="These images were refused")).to_be_visible()
        expect(page.locator(".sentence")).to_contain_text(HINTS[code])
        return
    if case.questions:
        answer(page, case)
    if needs_look(case):
        assert_looked_at(page, case)
        press(page, "Prepare it")
    expect(page.locator("h1 .state")).to_have_text("Completed")
    expect(page.locator(".class h3")).to_have_count(len(case.classes))
    names = sorted(case.classes)
    assert page.evaluate(READ_CARDS) == [
        [name, names.index(name), sum(counts)] for name, counts in case.classes.items()
    ]
    assert case.image is not None
    shape = page.locator(".figures > div", has_text="Image size")
    expect(shape).to_contain_text(f"{case.image[2]} × {case.image[1]}")
    expect(shape).to_contain_text("grey" if case.image[0] == 1 else "colour")


def press(page: Page, name: "str | re.Pattern[str]") -> None:
    """Send a form, and see what a worker made of it."""
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.get_by_role("button", name=name).click()
    let_it_be_read(page)


def needs_look(case: Case) -> bool:
    """Whether the page stops, so that its owner can choose."""
    return bool(case.sizes or LOOK_AT & case.notes.keys())


def answer(page: Page, case: Case) -> None:
    """All faults and questions are there at once, and one answer each is enough."""
    expect(page.locator("h1 .state")).to_have_text("Waits for you")
    for file in case.faults.values():
        expect(page.locator(".faults .file", has_text=file)).to_be_visible()
    for code, chosen in case.answers.items():
        if code == "broken_files":
            press(page, re.compile("Go on without"))
            return
        question = page.locator(f"#question-{code}")
        values = [str(one.get_attribute("value")) for one in question.locator("input").all()]
        expected = case.questions[code]
        assert values[: len(expected)] == expected
        question.locator(f"input[value='{chosen}']").check()
    press(page, re.compile("^Go on$"))


def assert_looked_at(page: Page, case: Case) -> None:
    """The page lists the classes with their indexes and pictures, and shows samples."""
    expect(page.locator("h1 .state")).to_have_text("Waits for you")
    expect(page.locator("table.found tbody tr")).to_have_count(len(case.classes))
    names, parts = sorted(case.classes), given_parts(case.classes)
    assert page.evaluate(READ_CLASSES) == [
        [name, names.index(name), *counts[:parts]] for name, counts in case.classes.items()
    ]
    expect(page.locator(".fit img").first).to_be_visible()


def given_parts(classes: Mapping[str, tuple[int, int, int]]) -> int:
    return 3 if any(validation or test for _, validation, test in classes.values()) else 1
