"""A network of one's own becomes a start network, as a user does it in a browser."""

import io
import pickle
from pathlib import Path
from zipfile import ZipFile

import pytest
import torch
from playwright.sync_api import Page, expect

from search_engine.checkpoint import load_checkpoint, open_checkpoint
from tests.end_to_end.installation import Espalier
from tests.end_to_end.watching import (
    MINUTES,
    check_page,
    live,
    search_of,
    sign_in,
)
from tests.exporting import export_to, own_net

TICKED = ("stage3.2.branch2.3", "stage4.0.branch1.0")
SHORT = {
    "budget.max_trials": "2",
    "control": "0",
    "confirmation.finalists": "0",
    "data.train_limit": "200",
    "start_recipe.epochs": "1",
    "start_rounds.max_rounds": "1",
    "recipe.epochs": "1",
}


@pytest.fixture
def form(page: Page, with_account: Espalier) -> Page:
    """The page where a network of one's own is given."""
    sign_in(page, with_account.address, "ada")
    page.get_by_role("link", name="Checkpoints", exact=True).click()
    page.get_by_role("link", name="Bring your own network…").click()
    return page


def read_network(page: Page) -> None:
    page.get_by_role("button", name="Read the network").click()


def upload(page: Page, label: str, name: str, content: bytes) -> None:
    file = {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    page.get_by_label(label).set_input_files(file)  # type: ignore[arg-type]


def test_a_torchvision_model_grows_at_the_sites_that_were_ticked(
    form: Page, with_account: Espalier
) -> None:
    form.locator("#id_model").select_option("shufflenet_v2_x0_5")
    form.get_by_label("Data set").select_option("digits")
    read_network(form)
    expect(form.locator(".layer")).to_have_count(58, timeout=2 * MINUTES)
    expect(form.locator("#chosen")).to_have_text("19")
    form.locator("input[data-kind=plain]").check()
    expect(form.locator("#reason")).to_contain_text("keep one kind")
    expect(form.locator("#make")).to_be_disabled()

    form.get_by_role("button", name="None", exact=True).click()
    expect(form.locator("#reason")).to_contain_text("at least one")
    expect(form.locator("#make")).to_be_disabled()
    for name in TICKED:
        form.locator(f"input[value='{name}']").check()
    expect(form.locator("#chosen")).to_have_text("2")
    expect(form.locator("#make")).to_be_enabled()
    form.locator("#make").click()
    form.get_by_role("link", name="Start a search from it…").click(timeout=MINUTES)

    form.locator("#advanced summary").click()
    for name, value in SHORT.items():
        form.locator(f"[name='{name}']").fill(value)
    form.get_by_role("button", name="Launch the search").click()
    expect(form.locator("#growing svg").first).to_be_visible(timeout=2 * MINUTES)
    expect(form.locator("#search-state")).to_have_text("Completed", timeout=4 * MINUTES)
    expect(form.locator("#best-canvas .op").first).to_be_visible()
    check_page(form, with_account)
    found = live(form, with_account.address, search_of(form))["search"]["config"]["skeleton"]
    assert (found["family"], found["model"]) == ("adopted", "shufflenet_v2_x0_5")
    assert tuple(site["name"] for site in found["sites"]) == TICKED


def test_a_program_and_a_downloaded_checkpoint_keep_what_they_compute(
    form: Page, with_account: Espalier, tmp_path: Path
) -> None:
    own = own_net(classes=10)
    program = export_to(own, tmp_path / "orchard.pt2")
    form.get_by_label("Exported program").check()
    upload(form, "Program (.pt2)", program.name, program.read_bytes())
    form.get_by_label("Data set").select_option("digits")
    read_network(form)
    expect(form.get_by_role("heading", level=1)).to_contain_text("orchard", timeout=MINUTES)
    form.get_by_role("button", name="None", exact=True).click()
    for name in ("first", "down"):
        form.get_by_label(name, exact=True).check()
    form.locator("#make").click()
    form.get_by_role("link", name="Its checkpoint").click(timeout=MINUTES)
    plain = form.locator("[data-form=pytorch]")
    expect(plain).to_contain_text("no library whose code a file of plain PyTorch could import")
    expect(plain.get_by_role("button")).to_have_count(0)
    expect(form.get_by_role("button", name="Build ONNX", exact=True)).to_be_visible()
    archive = download(form, tmp_path / "checkpoint.zip")
    images = torch.rand(3, 1, 8, 8)
    with open_checkpoint(archive) as folder, torch.inference_mode():
        network = load_checkpoint(folder)
        assert sorted(network.cells()) == ["down", "first"]
        torch.testing.assert_close(network(images), own(images), rtol=1e-4, atol=1e-5)

    give_checkpoint(form, with_account, {archive.name: archive.read_bytes()})
    with ZipFile(archive) as file:
        files = {Path(name).name: file.read(name) for name in file.namelist()}
    loose = {name: files[name] for name in ("checkpoint.json", "weights.safetensors")}
    give_checkpoint(form, with_account, loose)


def download(page: Page, path: Path) -> Path:
    with page.expect_download() as download:
        page.get_by_role("link", name="Download", exact=True).click()
    download.value.save_as(path)
    return path


def give_checkpoint(page: Page, espalier: Espalier, files: dict[str, bytes]) -> None:
    """Upload it, as one file or two; a search can start from it."""
    page.goto(f"{espalier.address}/start-networks/")
    page.get_by_label("Espalier checkpoint").check()
    for (name, content), label in zip(files.items(), ("Checkpoint (", "Weights ("), strict=False):
        upload(page, label, name, content)
    read_network(page)
    expect(page.get_by_role("heading", name="It is whole")).to_be_visible(timeout=MINUTES)
    expect(page.get_by_role("link", name="Start a search from it…")).to_be_visible()


class Bomb:
    """Whoever unpickles it makes this file."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.trace,)


def test_pickles_and_torn_files_are_refused_with_advice_and_never_opened(
    form: Page, tmp_path: Path
) -> None:
    trace, pickled = tmp_path / "it-was-unpickled", io.BytesIO()
    torch.save(Bomb(trace), pickled)
    pickled.seek(0)
    torch.load(pickled, weights_only=False)
    assert trace.exists()
    trace.unlink()

    form.locator("#id_model").select_option("resnet18")
    form.get_by_label("Data set").select_option("digits")
    upload(form, "Weights (.safetensors)", "net.pth", pickle.dumps(Bomb(trace)))
    read_network(form)
    expect(form.get_by_text("safetensors.torch.save_file")).to_be_visible()

    whole = export_to(own_net(), tmp_path / "own.pt2").read_bytes()
    form.get_by_label("Exported program").check()
    upload(form, "Program (.pt2)", "own.pt2", whole[: len(whole) // 2])
    read_network(form)
    expect(form.get_by_text("cut short")).to_be_visible()

    upload(form, "Program (.pt2)", "net.pt", pickled.getvalue())
    read_network(form)
    expect(form.get_by_role("alert")).to_contain_text("torch.export.save(", timeout=MINUTES)
    assert not trace.exists()
