"""What a search page does in a browser, against Django's own server."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.comparing import comparison
from tests.end_to_end.prepared import *  # noqa: F403 - fixtures
from tests.webapp.searches.conftest import Launch
from tests.webapp.searches.grown import grow_trials
from tests.webapp.searches.test_long_searches import make_trials
from webapp.searches.models import Search, Share, Trial
from webapp.searches.services import cancel

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_search_is_shared_and_taken_back(opened: Page, search: Search) -> None:
    opened.goto(f"/searches/{search.pk}/")
    opened.get_by_role("button", name="More", exact=True).click()
    opened.get_by_role("button", name="Share…").click()
    people = opened.locator("#share-list li")
    expect(people).to_have_text(re.compile("bob"))
    opened.get_by_label("Name of a user").fill("nobody")
    opened.get_by_role("button", name="Share", exact=True).click()
    expect(opened.locator("#share-error")).to_have_text("Not shared: there is no such user.")
    opened.get_by_role("button", name="Take it back from bob").click()
    expect(people).to_have_text("Nobody but you sees it.")
    assert not Share.objects.filter(search=search).exists()
    opened.get_by_label("Name of a user").fill("bob")
    opened.keyboard.press("Enter")
    expect(people).to_have_text(re.compile("bob"))
    assert Share.objects.get(search=search).user.username == "bob"


def test_it_is_renamed_and_its_budget_extended(opened: Page, search: Search) -> None:
    opened.goto(f"/searches/{search.pk}/")
    opened.get_by_role("button", name="More", exact=True).click()
    opened.get_by_role("button", name="Rename…").click()
    opened.locator("#rename-input").fill("Pears")
    opened.get_by_role("button", name="Rename", exact=True).click()
    expect(opened.get_by_role("heading", level=1)).to_contain_text("Pears")
    opened.get_by_role("button", name="More", exact=True).click()
    opened.get_by_role("button", name="Extend the budget…").click()
    opened.locator("#extend-input").fill("7")
    opened.locator("#extend-dialog button.primary").click()
    expect(opened.locator("#extend-dialog")).to_be_hidden()
    expect(opened.locator("#trials-count")).to_contain_text("of 7")
    search.refresh_from_db()
    assert (search.name, search.config["budget"]["max_trials"]) == ("Pears", 7)


def test_note_and_tags_are_edited_in_place(opened: Page, search: Search) -> None:
    opened.goto(f"/searches/{search.pk}/")
    opened.get_by_role("button", name="Edit", exact=True).click()
    opened.locator("#tags-input").fill("x" * 41)
    opened.get_by_role("button", name="Save").click()
    expect(opened.locator("#tags-error")).to_contain_text("40")
    opened.locator("#note-input").fill("Better than I thought.")
    opened.locator("#tags-input").fill("good, kept, good")
    opened.get_by_role("button", name="Save").click()
    expect(opened.locator("#note")).to_have_text("Better than I thought.")
    expect(opened.locator("#tags li")).to_have_text(["good", "kept"])
    search.refresh_from_db()
    assert (search.note, search.tags) == ("Better than I thought.", ["good", "kept"])


def test_the_confirmed_result_is_shown_with_pictures(opened: Page, search: Search) -> None:
    search.comparison = comparison().to_json()
    search.save()
    opened.goto(f"/searches/{search.pk}/")
    expect(opened.locator("#confirmed .sentence")).to_have_text(comparison().sentence)
    expect(opened.locator("#confirmed .changed canvas[width='8']")).to_have_count(3)
    expect(opened.locator("#best-note")).to_contain_text("cannot be told apart from the control")


def test_an_opened_row_shows_the_curve_and_pins(opened: Page, search: Search) -> None:
    opened.goto(f"/searches/{search.pk}/")
    opened.get_by_role("button", name="Details of trial 3", exact=True).click()
    expect(opened.locator(".more-of-it")).to_contain_text("grown in")
    opened.locator("[data-action=pin]").click()
    expect(opened.locator("[data-action=pin]")).to_have_text("Unpin")
    assert Trial.objects.get(search=search, number=3).pinned


def test_accuracy_is_drawn_against_the_cost_that_is_chosen(opened: Page, search: Search) -> None:
    """Latency is offered, and has a column, only where the search has measured it."""
    opened.goto(f"/searches/{search.pk}/")
    chart, latency = opened.locator("#pareto"), opened.locator("#rows-head .latency_1")
    expect(chart).to_have_attribute("aria-label", re.compile("against parameters of 2 trials"))
    expect(latency).to_be_hidden()
    assert opened.locator("#pareto-cost option[value=latency_1]").get_attribute("hidden") == ""
    search.trials.filter(number=1).update(latency_1=0.0025, latency_64=0.08, memory=3_000_000)
    opened.reload()
    expect(latency).to_be_visible()
    expect(opened.locator("#rows [data-number='1'] .latency_1")).to_have_text("2.5 ms")
    opened.get_by_label("Cost on the axis").select_option("latency_1")
    expect(chart).to_have_attribute("aria-label", re.compile("latency, one image of 1 trial"))


def test_a_failed_trial_is_tried_again_from_its_row(opened: Page, search: Search) -> None:
    opened.goto(f"/searches/{search.pk}/")
    opened.get_by_role("button", name="Details of trial 2", exact=True).click()
    opened.locator("[data-action=retry]").click()
    expect(opened.locator("[data-action=retry]")).to_have_count(0)
    assert Trial.objects.get(search=search, number=2).state == "queued"


def test_a_chip_says_its_operation_its_widths_and_its_parameters(
    opened: Page, search: Search
) -> None:
    opened.goto(f"/searches/{search.pk}/")
    opened.locator("#best-canvas .op").first.hover()
    words = r"Grouped convolution 3×3 · 32 → \d channels · [\d,]+ parameters in 3 cells"
    expect(opened.locator(".tip.over")).to_have_text(re.compile(words))


def test_a_search_that_grows_shows_moves_parents_and_what_they_brought(
    opened: Page, launch: Launch
) -> None:
    search = launch(strategy="grow")
    grow_trials(search)
    cancel(search.owner, search.pk)
    opened.goto(f"/searches/{search.pk}/")
    expect(opened.locator("#rows [data-number='3'] td.move")).to_have_text("widen")
    expect(opened.locator("#rows [data-number='3'] td.parent")).to_have_text("2")
    expect(opened.locator("#rows [data-number='1'] td.parent")).to_have_text("start")
    expect(opened.locator("#moves-list .leads .name b")).to_have_text("widen")
    expect(opened.locator("#moves-list")).to_contain_text("1 try, 1 better")
    expect(opened.locator("#picks")).to_be_hidden()
    opened.get_by_label("Filter trials").fill("move = widen and parent > 0")
    expect(opened.locator("#rows-count")).to_have_text("1 of 4 trials")
    opened.goto(f"/searches/{search.pk}/trials/3/")
    line = opened.locator("#lineage")
    expect(line.get_by_role("link")).to_have_text(["Trial 1", "Trial 2"])
    expect(line).to_contain_text("stem: 18 → 22")
    expect(opened.locator("#growth-film")).to_be_hidden()  # widening leaves the cell as it was


def test_the_form_shows_what_the_chosen_strategy_has(opened: Page, search: Search) -> None:
    opened.goto("/searches/new/?preset=digits-demo")
    opened.get_by_text("Advanced: every setting").click()
    patience, tournament = opened.get_by_label("Patience"), opened.get_by_label("Tournament")
    inherit = opened.get_by_label("Children inherit weights")
    expect(patience).to_be_visible()
    expect(tournament).to_be_hidden()
    expect(inherit).to_be_hidden()
    expect(opened.locator("#count-parameters")).not_to_have_text("–")
    opened.get_by_label("Strategy").select_option("evolution")
    expect(tournament).to_be_visible()
    expect(inherit).to_be_visible()
    expect(patience).to_be_hidden()
    expect(opened.locator(".about-strategy")).to_contain_text("Cells that did well")


def test_a_long_search_shows_all_of_its_trials(opened: Page, launch: Launch) -> None:
    long = launch()
    make_trials(long, 400)
    cancel(long.owner, long.pk)
    opened.goto(f"/searches/{long.pk}/")
    expect(opened.locator("#rows-count")).to_have_text("400 trials")
    expect(opened.locator("#accuracy")).to_have_attribute("aria-label", re.compile("400 trials"))
    opened.get_by_label("Filter trials").fill("trial > 398 or accuracy > 0.98")
    expect(opened.locator("#rows-count")).to_have_text("3 of 400 trials")
    assert opened.locator("*").count() < 3000


def test_an_empty_search_links_to_the_workers(opened: Page, launch: Launch) -> None:
    waiting = launch()
    opened.goto(f"/searches/{waiting.pk}/")
    line = opened.locator("#waiting-why")
    expect(line).to_contain_text("No worker is online.")
    line.get_by_role("link").click()
    expect(opened.get_by_role("heading", name="No worker has been heard of")).to_be_visible()


def test_the_page_of_workers_shows_a_card_for_each(opened: Page, search: Search) -> None:
    opened.goto("/workers/")
    expect(opened.locator(".worker .state")).to_have_count(2)
    # The other one has said good-bye; this one is silent for the whole test, which may be slow.
    expect(opened.locator(".worker .state").last).to_have_text("Offline")
    expect(opened.locator("#workers-summary")).to_contain_text("offline")
