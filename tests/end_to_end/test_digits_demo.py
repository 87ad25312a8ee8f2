"""From an empty folder to a downloaded network, as somebody new does it in a browser."""

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

from playwright.sync_api import Page, expect

from search_engine.checkpoint import load_checkpoint, read_description
from search_engine.config import SearchConfig
from search_engine.data import load_dataset
from search_engine.search_data import SearchData
from search_engine.training.metrics import evaluate
from tests.end_to_end.conftest import ROOT, Espalier, start_espalier

MINUTES = 60_000
PASSWORD = "a long walk among pear trees"


def make_first_account(page: Page, address: str) -> None:
    """Whoever comes first makes the first account."""
    page.goto(address)
    expect(page).to_have_url(re.compile("/setup/"))
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label(re.compile("again|confirm", re.IGNORECASE)).fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()


def page_state(page: Page, address: str) -> dict[str, object]:
    """What the API says of the search on the page."""
    number = re.search(r"/searches/(\d+)/", page.url)
    assert number is not None
    answer = page.request.get(f"{address}/api/v1/searches/{number[1]}/live/")
    assert answer.ok
    return dict(answer.json())


def test_from_first_account_to_a_network_that_classifies(
    page: Page, espalier: Espalier, tmp_path: Path
) -> None:
    make_first_account(page, espalier.address)
    page.get_by_role("button", name="Grow a network on handwritten digits").click()
    expect(page.locator("#growing svg").first).to_be_visible(timeout=2 * MINUTES)
    expect(page.locator("#best-accuracy")).to_contain_text(re.compile(r"\d"), timeout=2 * MINUTES)

    page.locator("#do-pause").click()
    expect(page.locator("#search-state")).to_have_text("Paused", timeout=2 * MINUTES)
    page.reload()
    expect(page.locator("#search-state")).to_have_text("Paused")
    page.locator("#do-resume").click()
    expect(page.locator("#search-state")).to_have_text("Completed", timeout=8 * MINUTES)

    state = page_state(page, espalier.address)
    numbers = [trial["number"] for trial in state["trials"]]  # type: ignore[attr-defined]
    assert sorted(numbers) == list(range(1, 25))
    with page.expect_download() as download:
        page.locator("#download").click()
    archive = tmp_path / "best.zip"
    download.value.save_as(archive)
    check_download(archive, state, page.locator("#best-accuracy").inner_text())


def check_download(archive: Path, state: dict[str, object], shown: str) -> None:
    """The file loads outside the application and is as good as the page said."""
    folder = archive.with_suffix("")
    with zipfile.ZipFile(archive) as file:
        file.extractall(folder)
    (loader,) = folder.rglob("load.py")
    run = subprocess.run(
        [sys.executable, loader],
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "parameters" in run.stdout
    network = load_checkpoint(loader.parent)
    config = SearchConfig.from_json(state["search"]["config"])  # type: ignore[index]
    data = SearchData(load_dataset("digits"), config.data, seed=config.seed)
    accuracy = evaluate(network, data.validation()).accuracy
    assert accuracy == read_description(loader.parent).metrics["accuracy"]
    assert f"{100 * accuracy:.2f}" in shown


def test_ctrl_c_stops_everything_and_starting_again_goes_on(page: Page, espalier: Espalier) -> None:
    make_first_account(page, espalier.address)
    page.get_by_role("button", name="Grow a network on handwritten digits").click()
    expect(page.locator("#best-accuracy")).to_contain_text(re.compile(r"\d"), timeout=2 * MINUTES)
    before = page_state(page, espalier.address)
    path = page.url.removeprefix(espalier.address)
    assert espalier.stop() == 0

    again = start_espalier(espalier.folder)
    try:
        page.goto(f"{again.address}{path}")
        page.wait_for_function(
            "n => document.querySelectorAll('#rows tr').length > n",
            arg=len(json.loads(json.dumps(before["trials"]))),
            timeout=3 * MINUTES,
        )
        after = page_state(page, again.address)
        numbers = [trial["number"] for trial in after["trials"]]  # type: ignore[attr-defined]
        assert len(numbers) == len(set(numbers))
    finally:
        assert again.stop() == 0
