"""A trial trained fully, from its page to a checkpoint, with the processes of `make run`."""

import itertools
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from search_engine.data import load_dataset
from tests.end_to_end.conftest import profile
from tests.end_to_end.installation import WORKER, Espalier
from tests.end_to_end.watching import FEW_IMAGES, MINUTES, events, launch, post, sign_in
from tests.fresh_environment import accuracy, with_torch_alone

EPOCHS = 24
"""So many that a fast machine is not done before a button is pressed or a worker killed."""

SOME_COMPLETE = re.compile(r"^([2-9]|\d\d) complete")
TINY = {"data": {"validation": 150}, "skeleton": {"blocks": 1, "alpha": 12}}


@pytest.fixture(scope="module")
def search(browser: Browser, with_account: Espalier) -> int:
    """A small search, once its only trial is completed."""
    address, recipe = with_account.address, {"epochs": 2, "learning_rate": 0.1}
    with profile(browser) as page:
        sign_in(page, address, "ada")
        made = launch(page, address, "Small", trials=1, recipe=recipe, data=FEW_IMAGES)
        page.goto(f"{address}/searches/{made}/")
        expect(page.locator("#search-state")).to_have_text("Completed", timeout=4 * MINUTES)
    return made


def said_of(page: Page) -> dict[str, Any]:
    """What the API says of the final training on the page."""
    answer = page.request.get(re.sub(r"(/final-trainings/\d+/).*$", r"/api/v1\1", page.url))
    assert answer.ok
    return dict(answer.json())


def fill(page: Page, **values: str) -> None:
    for label, value in values.items():
        page.get_by_label(label, exact=True).fill(value)


def test_a_trial_is_trained_fully_beside_the_start_network(
    page: Page, with_account: Espalier, search: int, tmp_path: Path
) -> None:
    sign_in(page, with_account.address, "ada")
    page.goto(f"{with_account.address}/searches/{search}/trials/1/")
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

    said, shown = said_of(page), page.locator("#accuracy-figure").inner_text()
    assert len(said["history"]) == EPOCHS
    expect(page.locator("#confusion table")).to_be_visible()
    page.locator("#to-checkpoint").click()
    found = measured(plain_pytorch(page, tmp_path), said["test_images"], tmp_path)
    assert found == said["test_accuracy"]
    assert re.sub(r"[^0-9.]", "", shown) == f"{100 * found:.2f}"


def plain_pytorch(page: Page, folder: Path) -> Path:
    """Build the export of the checkpoint on the page, and download it; its folder."""
    page.get_by_role("button", name="Build Plain PyTorch").click()
    link = page.get_by_role("link", name="Download Plain PyTorch")
    expect(link).to_be_visible(timeout=2 * MINUTES)
    with page.expect_download() as download:
        link.click()
    archive = folder / "plain.zip"
    download.value.save_as(archive)
    with zipfile.ZipFile(archive) as file:
        file.extractall(folder / "plain")
    (program,) = (folder / "plain").rglob("network.py")
    return program.parent


def measured(program: Path, images: int, folder: Path) -> float:
    """The accuracy of an exported program on so many test images, where only torch is installed."""
    digits = load_dataset("digits")
    test = digits.split(validation=0, calibration=0, seed=0).test
    assert len(test) == images
    pixels = digits.images[test].contiguous().numpy().tobytes()
    labels = bytes(digits.labels[test].tolist())
    return accuracy(with_torch_alone(folder / "fresh"), program, pixels, labels)


def test_a_killed_worker_and_a_restart_cost_no_complete_epoch(
    page: Page, with_account: Espalier, search: int
) -> None:
    espalier = with_account
    sign_in(page, espalier.address, "ada")
    config = {**TINY, "recipe": {"epochs": EPOCHS, "batch_size": 32}}
    body = {"search": search, "trial": 1, "preset": "digits", "config": config}
    training = post(page, f"{espalier.address}/api/v1/final-trainings/", body)["id"]
    page.goto(f"{espalier.address}/final-trainings/{training}/")
    expect(page.locator("#epochs-note")).to_have_text(SOME_COMPLETE, timeout=3 * MINUTES)
    espalier.kill(WORKER)
    expect(page.locator("#log")).to_contain_text("its worker was lost", timeout=MINUTES)
    expect(page.locator("#log")).to_contain_text("goes on", timeout=MINUTES)
    expect(page.locator("#training-state")).to_have_text("Running", timeout=MINUTES)

    espalier.restart()
    expect(page.locator("#training-state")).to_have_text("Completed", timeout=4 * MINUTES)
    told = events(page, espalier.address, search)
    own = [event["payload"] for event in told if event["payload"].get("id") == training]
    epochs = [payload["epoch"] for payload in own if "epoch" in payload]
    assert len(epochs) > 2
    # Only the epoch that was under way is done again.
    backwards = [one - two for one, two in itertools.pairwise(epochs) if two < one]
    assert all(steps <= 1 for steps in backwards)
    assert len(said_of(page)["history"]) == EPOCHS
