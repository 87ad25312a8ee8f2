"""A trial trained fully, from its page to a checkpoint, with the processes of `make run`."""

import itertools
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.end_to_end.installation import ROOT, WORKER, Espalier, start_espalier
from tests.end_to_end.watching import MINUTES, events, launch, make_first_account, post

EPOCHS = 60
"""So many that a fast machine is not done before a button is pressed or a worker killed."""

SOME_COMPLETE = re.compile(r"^([2-9]|\d\d) complete")
TINY = {"data": {"validation": 150}, "skeleton": {"blocks": 1, "alpha": 12}}


def search_with_a_trial(page: Page, address: str) -> int:
    """A small search, once its only trial is completed."""
    make_first_account(page, address)
    search = launch(page, address, "Small", trials=1, recipe={"epochs": 2, "learning_rate": 0.1})
    page.goto(f"{address}/searches/{search}/")
    expect(page.locator("#search-state")).to_have_text("Completed", timeout=4 * MINUTES)
    return search


def said_of(page: Page) -> dict[str, Any]:
    """What the API says of the final training on the page."""
    answer = page.request.get(re.sub(r"(/final-trainings/\d+/).*$", r"/api/v1\1", page.url))
    assert answer.ok
    return dict(answer.json())


def fill(page: Page, **values: str) -> None:
    for label, value in values.items():
        page.get_by_label(label, exact=True).fill(value)


def test_a_trial_is_trained_fully_beside_the_start_network(
    page: Page, espalier: Espalier, tmp_path: Path
) -> None:
    search = search_with_a_trial(page, espalier.address)
    page.goto(f"{espalier.address}/searches/{search}/trials/1/")
    page.locator("#train-fully").click()

    # The engine's own rule stands beside its field before anything is sent.
    fill(page, Epochs="0")
    expect(page.locator('[data-field="recipe.epochs"] .error')).to_contain_text("1 to 100,000")
    fill(page, Epochs=str(EPOCHS), Blocks="1", Alpha="12")
    expect(page.locator("#count-seconds")).to_contain_text("about")
    expect(page.locator("#count-parameters")).not_to_have_text("–")
    page.locator("#launch-button").click()
    expect(page).to_have_url(re.compile(r"/final-trainings/\d+/$"))

    expect(page.locator("#accuracy-figure")).to_contain_text("%", timeout=3 * MINUTES)
    expect(page.locator("#accuracy-chart canvas")).to_be_visible()
    page.locator("#do-pause").click()
    expect(page.locator("#training-state")).to_have_text("Paused", timeout=MINUTES)
    assert 1 <= said_of(page)["epochs_done"] < EPOCHS
    page.reload()
    expect(page.locator("#training-state")).to_have_text("Paused")
    page.locator("#do-resume").click()
    expect(page.locator("#training-state")).to_have_text("Completed", timeout=4 * MINUTES)
    expect(page.locator("#verdict")).to_contain_text("the start network, with", timeout=4 * MINUTES)

    said = said_of(page)
    assert f"{100 * said['test_accuracy']:.2f}" in page.locator("#accuracy-figure").inner_text()
    assert len(said["history"]) == EPOCHS
    expect(page.locator("#confusion table")).to_be_visible()
    with page.expect_download() as download:
        page.locator("#download").click()
    archive = tmp_path / "final.zip"
    download.value.save_as(archive)
    assert measured(archive) == said["test_accuracy"]


def measured(archive: Path) -> float:
    """The test accuracy of a downloaded checkpoint, as the command line measures it."""
    folder = archive.with_suffix("")
    with zipfile.ZipFile(archive) as file:
        file.extractall(folder)
    (description,) = folder.rglob("checkpoint.json")
    ran = subprocess.run(
        [sys.executable, "-m", "search_engine", "evaluate", str(description.parent), "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(json.loads(ran.stdout)["accuracy"])


def test_a_killed_worker_and_a_restart_cost_no_complete_epoch(
    page: Page, espalier: Espalier
) -> None:
    search = search_with_a_trial(page, espalier.address)
    config = {**TINY, "recipe": {"epochs": EPOCHS, "batch_size": 32}}
    body = {"search": search, "trial": 1, "preset": "digits", "config": config}
    training = post(page, f"{espalier.address}/api/v1/final-trainings/", body)["id"]
    path = f"/final-trainings/{training}/"
    page.goto(f"{espalier.address}{path}")
    expect(page.locator("#epochs-note")).to_have_text(SOME_COMPLETE, timeout=3 * MINUTES)
    espalier.kill(WORKER)
    expect(page.locator("#log")).to_contain_text("its worker was lost", timeout=MINUTES)
    expect(page.locator("#log")).to_contain_text("goes on", timeout=MINUTES)
    expect(page.locator("#training-state")).to_have_text("Running", timeout=MINUTES)

    assert espalier.stop() == 0
    again = start_espalier(espalier.folder)
    try:
        page.goto(f"{again.address}{path}")
        expect(page.locator("#training-state")).to_have_text("Completed", timeout=4 * MINUTES)
        told = events(page, again.address, search)
        epochs = [e["payload"]["epoch"] for e in told if e["kind"] == "final_training.progress"]
        # Only the epoch that was under way is done again.
        backwards = [one - two for one, two in itertools.pairwise(epochs) if two < one]
        assert all(steps <= 1 for steps in backwards)
        assert len(said_of(page)["history"]) == EPOCHS
    finally:
        assert again.stop() == 0
