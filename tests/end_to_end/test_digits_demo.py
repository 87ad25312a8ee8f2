"""From an empty folder to a downloaded network, as somebody new does it in a browser."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from search_engine.checkpoint import load_checkpoint, read_description
from search_engine.config import SearchConfig
from search_engine.data import load_dataset
from search_engine.search_data import SearchData
from search_engine.training.metrics import evaluate
from tests.end_to_end.installation import ROOT, Espalier, start_espalier
from tests.end_to_end.watching import (
    MINUTES,
    check_page,
    launch,
    live,
    make_first_account,
    search_of,
)


def test_from_first_account_to_a_network_that_classifies(
    page: Page, fresh: Espalier, tmp_path: Path
) -> None:
    make_first_account(page, fresh.address)
    page.get_by_role("button", name="Grow a network on handwritten digits").click()
    expect(page.locator("#growing svg").first).to_be_visible(timeout=2 * MINUTES)
    expect(page.locator("#best-accuracy")).to_contain_text(re.compile(r"\d"), timeout=2 * MINUTES)

    page.locator("#do-pause").click()
    expect(page.locator("#search-state")).to_have_text("Paused", timeout=2 * MINUTES)
    page.reload()
    expect(page.locator("#search-state")).to_have_text("Paused")
    page.locator("#do-resume").click()
    expect(page.locator("#search-state")).to_have_text("Completed", timeout=8 * MINUTES)

    state = live(page, fresh.address, search_of(page))
    assert sorted(trial["number"] for trial in state["trials"]) == list(range(1, 25))
    with page.expect_download() as download:
        page.locator("#download").click()
    archive = tmp_path / "best.zip"
    download.value.save_as(archive)
    check_download(archive, state, page.locator("#best-accuracy").inner_text())


def check_download(archive: Path, state: dict[str, Any], shown: str) -> None:
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
    config = SearchConfig.from_json(state["search"]["config"])
    data = SearchData(load_dataset("digits"), config.data, seed=config.seed)
    accuracy = evaluate(network, data.validation()).accuracy
    assert accuracy == read_description(loader.parent).metrics["accuracy"]
    assert f"{100 * accuracy:.2f}" in shown


def test_ctrl_c_stops_everything_and_starting_again_goes_on(page: Page, espalier: Espalier) -> None:
    make_first_account(page, espalier.address)
    search = launch(page, espalier.address, "Interrupted", trials=5)
    page.goto(f"{espalier.address}/searches/{search}/")
    expect(page.locator("#best-accuracy")).to_contain_text(re.compile(r"\d"), timeout=2 * MINUTES)
    assert espalier.stop() == 0

    again = start_espalier(espalier.folder)
    try:
        page.goto(f"{again.address}/searches/{search}/")
        expect(page.locator("#search-state")).to_have_text("Completed", timeout=4 * MINUTES)
        check_page(page, again)
    finally:
        assert again.stop() == 0
