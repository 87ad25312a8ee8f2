"""Photographs straight from a phone, from the upload to a network that says the same everywhere."""

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageOps
from playwright.sync_api import Page, expect

import search_engine
from search_engine.pictures.pixels import opened
from tests.end_to_end.installation import Espalier, installation
from tests.end_to_end.watching import MINUTES, make_first_account
from tests.publishing import TIMM_MODEL, publish_timm, serving
from tests.search_engine.pictures.odd_pictures import colour, saved

ORIENTATION = 0x0112
NEAR = 1e-4
SAYS = """([shares, near]) => {
  const bars = [...document.querySelectorAll("#try [data-bars] li")];
  const isNear = (bar) => {
    const expected = shares[bar.querySelector("span").innerText];
    return Math.abs(bar.querySelector("progress").value - expected) < near;
  };
  return bars.length === Object.keys(shares).length && bars.every(isNear);
}"""
SHORT = {
    "budget.max_trials": "1",
    "control": "0",
    "confirmation.finalists": "1",
    "confirmation.seeds": "1",
    "start_recipe.epochs": "1",
    "start_recipe.head_epochs": "0",
    "start_rounds.max_rounds": "1",
    "recipe.epochs": "1",
}


@pytest.fixture
def espalier(tmp_path: Path, first_start: Path) -> Iterator[Espalier]:
    """One whose workers fetch weights from a server beside it."""
    publish_timm(TIMM_MODEL, tmp_path / "host")
    with (
        serving(tmp_path / "host") as mirror,
        installation(
            tmp_path / "var",
            with_servers=False,
            like=first_start,
            ESPALIER_WEIGHTS_MIRROR=mirror,
        ) as running,
    ):
        yield running


def photographs() -> dict[str, bytes]:
    """Of two classes: lying and standing, turned by a note of the camera, and some as HEIC."""
    found = {}
    for label, name in enumerate(("birch", "oak")):
        for number in range(20):
            size = (72, 60) if number % 3 else (60, 84)
            image = Image.fromarray(colour(*size, seed=20 * label + number))
            if label:
                image = ImageOps.invert(image)
            exif = Image.Exif()
            exif[ORIENTATION] = 6 if number % 4 == 1 else 1
            kind = "HEIF" if number % 5 == 0 else "JPEG"
            path = f"DCIM/{name}/IMG_{number:04}.{'HEIC' if kind == 'HEIF' else 'JPG'}"
            found[path] = saved(image, kind, exif=exif, quality=90)
    return found


def test_photographs_become_a_network_that_says_the_same_everywhere(
    page: Page, espalier: Espalier, tmp_path: Path
) -> None:
    photos = photographs()
    make_first_account(page, espalier.address)
    prepare(page, espalier, photos)
    start_from_published_weights(page)
    search(page)
    page.locator("#confirmed").get_by_role("link", name=re.compile("trial")).last.click()
    page.get_by_role("link", name="Kept: exports, details").click()
    archive, network = exports(page, tmp_path)

    loaded = search_engine.load(archive)
    for name, is_read_here in (("oak/IMG_0001.JPG", True), ("birch/IMG_0005.HEIC", False)):
        content = photos[f"DCIM/{name}"]
        with opened(content, name) as picture:
            expected = loaded.predict(picture)[0].numpy()
            upright = np.asarray(ImageOps.exif_transpose(picture).convert("RGB"))
        (found,) = onnxruntime.InferenceSession(network).run(None, {"pictures": upright[None]})
        assert np.abs(found[0] - expected).max() < NEAR
        page.locator("#try input[type=file]").set_input_files(
            {"name": name, "mimeType": "", "buffer": content}
        )
        if not is_read_here:
            page.get_by_role("button", name="Send it to the server").click()
        assert_said(page, loaded.class_names, expected)


def prepare(page: Page, espalier: Espalier, photos: dict[str, bytes]) -> None:
    """Upload them; a size is suggested, and they are prepared in it."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path, content in photos.items():
            archive.writestr(path, content)
    page.goto(f"{espalier.address}/datasets/upload/")
    file = {"name": "phone.zip", "mimeType": "application/zip", "buffer": packed.getvalue()}
    page.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    page.get_by_role("button", name="Upload", exact=True).click()
    state = page.locator("h1 .state")
    expect(state).to_have_text("Waits for you", timeout=2 * MINUTES)
    expect(page.locator("#review")).to_contain_text("48 × 48 is suggested")
    expect(page.locator(".fit img")).to_have_count(3)
    page.locator("input[name=fit][value=crop]").check()
    page.get_by_role("button", name="Prepare it").click()
    expect(state).to_have_text("Completed", timeout=2 * MINUTES)


def start_from_published_weights(page: Page) -> None:
    """As the plan for photographs advises; from a host of this test's."""
    page.get_by_role("link", name="Grow a network on it…").click()
    page.locator(".plan").get_by_role("link", name="start from").click()
    page.locator("input[name=source][value=timm]").check()
    page.locator("input[name=timm_model]").fill(TIMM_MODEL)
    page.locator("select[name=pretrained]").select_option("DEFAULT")
    page.get_by_role("button", name="Read the network").click()
    expect(page.locator(".layer").first).to_be_visible(timeout=2 * MINUTES)
    expect(page.locator("main")).to_contain_text("apache-2.0")
    page.get_by_role("button", name="None", exact=True).click()
    page.locator(".layer input[type=checkbox]:enabled").last.check()
    page.locator("#make").click()
    page.get_by_role("link", name="Start a search from it…").click(timeout=2 * MINUTES)


def search(page: Page) -> None:
    """The smallest that grows a child and confirms it."""
    page.locator("#advanced summary").click()
    for name, value in SHORT.items():
        page.locator(f"[name='{name}']").fill(value)
    page.get_by_role("button", name="Launch the search").click()
    expect(page.locator("#search-state")).to_have_text("Completed", timeout=6 * MINUTES)
    expect(page.locator("#confirmed .sentence")).not_to_be_empty()


def exports(page: Page, folder: Path) -> tuple[Path, Path]:
    """The winner's checkpoint, and its ONNX file with the preprocessing inside."""
    page.get_by_role("button", name="Build ONNX", exact=True).click()
    page.get_by_role("button", name="Build ONNX, pictures in", exact=True).click()
    # Only now: a download that begins while the page still loads keeps its scripts from coming.
    with page.expect_download() as download:
        page.get_by_role("link", name="Download", exact=True).click()
    archive = folder / "checkpoint.zip"
    download.value.save_as(archive)
    link = page.get_by_role("link", name="Download ONNX, pictures in", exact=True)
    expect(link).to_be_visible(timeout=4 * MINUTES)
    with page.expect_download() as download:
        link.click()
    network = folder / "network.onnx"
    download.value.save_as(network)
    return archive, network


def assert_said(page: Page, names: tuple[str, ...], expected: NDArray[np.float32]) -> None:
    """The page comes to say each class with its probability."""
    shares = dict(zip(names, expected.tolist(), strict=True))
    page.wait_for_function(SAYS, arg=[shares, NEAR], timeout=2 * MINUTES)
