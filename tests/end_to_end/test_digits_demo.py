"""From an empty folder to a downloaded network, as somebody new does it in a browser."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from search_engine.checkpoint import load_checkpoint, read_description
from search_engine.data import SplitDataset, load_dataset
from search_engine.spec.noise import with_noise
from search_engine.spec.search_config import SearchConfig
from search_engine.training.metrics import evaluate
from tests.end_to_end.installation import ROOT, Espalier
from tests.end_to_end.watching import MINUTES, live, make_first_account, search_of

FIRST_CLICK = 10
"""Children of the first click's search."""


def test_from_first_account_to_a_network_that_classifies(
    lively_page: Page, fresh: Espalier, tmp_path: Path
) -> None:
    page = lively_page
    make_first_account(page, fresh.address)
    page.get_by_role("button", name="Grow a network on pictures of clothes").click()
    expect(page.locator("#growing svg").first).to_be_visible(timeout=2 * MINUTES)
    expect(page.locator("#best-accuracy")).to_contain_text(re.compile(r"\d"), timeout=2 * MINUTES)

    page.locator("#do-pause").click()
    expect(page.locator("#search-state")).to_have_text("Paused", timeout=2 * MINUTES)
    page.reload()
    expect(page.locator("#search-state")).to_have_text("Paused")
    page.locator("#do-resume").click()
    stop_when_one_is_done(page)
    expect(page.locator("#search-state")).to_have_text("Completed", timeout=4 * MINUTES)

    state = live(page, fresh.address, search_of(page))
    numbers = sorted(trial["number"] for trial in state["trials"])
    assert numbers == list(range(1, len(numbers) + 1))
    done = sum(trial["role"] == "child" for trial in state["trials"])
    assert state["search"]["max_trials"] == FIRST_CLICK
    assert 1 <= done < FIRST_CLICK
    with page.expect_download() as download:
        page.locator("#download").click()
    archive = tmp_path / "best.zip"
    download.value.save_as(archive)
    check_download(archive, state, page.locator("#best-accuracy").inner_text())


def stop_when_one_is_done(page: Page) -> None:
    """The trials that run are waited for, and the best network so far is the search's."""
    expect(page.locator("#trials-count")).to_have_text(
        re.compile(rf"^\s*[1-9]\s*of {FIRST_CLICK}$"), timeout=4 * MINUTES
    )
    page.locator("#do-stop").click()
    page.locator("#confirm-stop button[value=yes]").click()


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
    data = SplitDataset(load_dataset(config.data.name), config.data, seed=config.split_seed)
    accuracy = evaluate(network, data.validation()).accuracy
    assert accuracy == read_description(loader.parent).metrics["accuracy"]
    assert shown == with_noise(accuracy, len(data.splits.validation))
