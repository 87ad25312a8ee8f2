"""The report as whoever got it by mail sees it: opened from a disk, without any server."""

from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests.comparing import comparison
from tests.search_engine.made_up_searches import trial, trials, written

COLOURS = """(canvas) => {
  const { width, height } = canvas;
  const copy = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  return new Set(new Uint32Array(copy.getImageData(0, 0, width, height).data.buffer)).size;
}"""
CHARTS = ("accuracy", "pareto", "picks", "reward", "entropy")


@pytest.fixture
def report(tmp_path: Path) -> str:
    """The address of a report of five trials, one of which failed, and two controls."""
    lines = [*trials(0.91, None, 0.95, 0.94), trial(5, 0.93, curve=[0.5, 0.7, 0.93])]
    controls = [trial(number, 0.96) | {"role": "control"} for number in (6, 7)]
    written(tmp_path, [*lines, *controls], comparison=comparison())
    return (tmp_path / "report.html").as_uri()


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_it_draws_tree_charts_and_table_and_asks_nobody(
    width: int, scheme: Literal["light", "dark"], browser: Browser, report: str
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True
    )
    page, said, asked = context.new_page(), [], []
    page.on("console", lambda message: said.append(of(message)))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url.partition(",")[0]))
    page.goto(report)
    expect(page.locator("#main")).to_have_attribute("data-ready", "")
    see_what_was_found(page)
    see_theme(page, scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert said == []
    schemes = {"data:text/javascript", "data:font/woff2;base64"}
    assert set(asked) - schemes == {report}
    context.close()


def of(message: ConsoleMessage) -> str:
    return f"{message.type}: {message.text}"


def see_what_was_found(page: Page) -> None:
    expect(page.locator("h1")).to_contain_text("Digits Completed")
    expect(page.locator("#best-accuracy")).to_have_text("95.0 % ± 1.3")
    expect(page.locator("#best-note")).to_contain_text("cannot be told apart from the control")
    see_the_comparison(page)
    expect(page.locator("#best-canvas svg.cell .op").first).to_be_visible()
    expect(page.locator("#best-film li").first).to_be_visible()
    for name in CHARTS:
        assert page.locator(f"#{name} canvas").evaluate(COLOURS) > 20, name  # anti-aliased lines
    numbers = page.locator("#rows tr[data-number]")
    expect(numbers).to_have_count(7)
    expect(page.locator("#rows .badge", has_text="Control")).to_have_count(2)
    expect(page.locator("#failure-reasons")).to_contain_text("diverged in epoch 2 trial 2")
    page.locator("#failure-reasons a").click()
    expect(page.locator("#rows .detail")).to_contain_text("Failed")
    page.locator("#rows-filter").fill("trial = 5")
    expect(numbers).to_have_count(1)
    page.locator("#rows .expand").click()
    expect(page.locator("#rows .detail")).to_contain_text(
        "Accuracy from 50.00 % to 93.00 % in 3 epochs, stopped early"
    )
    page.locator("#settings summary").click()
    expect(page.locator("#settings-groups")).to_contain_text("learning rate")


def see_the_comparison(page: Page) -> None:
    confirmed = page.locator("#confirmed")
    expect(confirmed.locator(".sentence")).to_have_text(comparison().sentence)
    heads = confirmed.get_by_role("columnheader")
    expect(heads).to_have_text(["Start network", "Control trial 9", "Winner trial 7"])
    accuracies = confirmed.get_by_role("row", name="Accuracy", exact=False).first
    expect(accuracies).to_contain_text("80.0\u202f% ± 17.9")
    expect(confirmed).to_contain_text("2 images changed from wrong to right and 1 from right")
    # Of eels there is no image.
    expect(confirmed.locator(".by-class li")).to_have_text(["cat+50.0", "dog±0.0", "owl±0.0"])

    pictures = confirmed.locator(".changed canvas[width='8']")
    expect(pictures).to_have_count(3)
    assert pictures.first.evaluate(COLOURS) == 1  # a square of one grey
    expect(confirmed.locator(".changed li")).to_have_text(
        ["catnot eel", "owlnot eel", "owlnot eel"]
    )


def see_theme(page: Page, scheme: str) -> None:
    """The system's at first; the button changes it, the charts too."""
    ground = "getComputedStyle(document.body).backgroundColor"
    colours = {"light": "rgb(246, 246, 241)", "dark": "rgb(16, 21, 18)"}
    assert page.evaluate(ground) == colours[scheme]
    for chosen in ("light", "dark"):
        page.locator("#theme").click()
        assert page.evaluate(ground) == colours[chosen]
    assert page.locator("#accuracy canvas").evaluate(COLOURS) > 20
