"""A kept network, exported and tried in the browser: it says there what it says in Python."""

import base64
import re
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page, expect

import search_engine
from search_engine.data import load_dataset
from search_engine.loading import pixels_of
from search_engine.pictures.pixels import opened
from search_engine.spec import ImageShape
from tests.end_to_end.installation import Espalier
from tests.end_to_end.watching import FEW_IMAGES, MINUTES, launch, sign_in

DROP = """(place, content) => {
  const bytes = Uint8Array.from(atob(content), (sign) => sign.charCodeAt(0));
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], "digit"));
  place.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
}"""
SEES = """(expected) => {
  const canvas = document.querySelector("#try .seen canvas");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return [...data].filter((_, at) => at % 4 === 0).join() === expected.join();
}"""


def test_a_network_classifies_in_the_browser_as_it_does_in_python(
    page: Page, with_account: Espalier, tmp_path: Path
) -> None:
    sign_in(page, with_account.address, "ada")
    search = launch(page, with_account.address, "Pears", trials=1, data=FEW_IMAGES)
    page.goto(f"{with_account.address}/searches/{search}/")
    expect(page.locator("#search-state")).to_have_text("Completed", timeout=4 * MINUTES)
    open_best_checkpoint(page)
    measure(page)
    page.get_by_role("button", name="Build the ONNX export").click()
    expect(page.locator("#exports [data-form=onnx]")).to_contain_text(
        "allowed, on 256 test images", timeout=4 * MINUTES
    )
    archive = download_checkpoint(page, tmp_path)
    asked: list[tuple[str, str]] = []
    page.on("request", lambda request: asked.append((request.method, request.url)))

    digit = large_digit(tmp_path)
    drop(page, digit)
    pixels = np.asarray(Image.open(digit).resize((8, 8), Image.Resampling.BILINEAR))
    check_what_is_said(page, pixels, archive)
    page.get_by_label("Invert light and dark").check()
    check_what_is_said(page, 255 - pixels, archive)
    page.get_by_label("Invert light and dark").uncheck()
    page.get_by_role("button", name="Try a sample of 3").click()
    check_what_is_said(page, first_image_of(3), archive)

    # Nothing is sent anywhere: whatever was asked for was only read, and here.
    assert {method for method, _ in asked} == {"GET"}
    assert all(url.startswith((with_account.address, "blob:")) for _, url in asked)

    # But for what browsers cannot read, where somebody says so.
    photograph = digit.with_suffix(".heic")
    Image.open(digit).convert("RGB").save(photograph, "HEIF")
    drop(page, photograph)
    expect(page.locator("#try [data-offer]")).to_contain_text("Browsers do not read HEIC")
    page.get_by_role("button", name="Send it to the server").click()
    with opened(photograph.read_bytes(), "digit") as image:
        seen = pixels_of(image, ImageShape(1, 8, 8))[0].numpy()
    check_what_is_said(page, seen, archive)
    expect(page.locator("#try [data-offer]")).to_be_hidden()


def drop(page: Page, file: Path) -> None:
    content = base64.b64encode(file.read_bytes()).decode()
    page.locator("#try [data-drop]").evaluate(DROP, content)


def open_best_checkpoint(page: Page) -> None:
    """Through the header, as somebody finds it."""
    page.get_by_role("link", name="Checkpoints", exact=True).click()
    page.get_by_label("Origin").select_option("trial")
    page.get_by_role("button", name="Filter").click()
    expect(page).to_have_url(re.compile("origin=trial"))
    page.locator("td.network-cell a").first.click()
    expect(page.locator("#network svg")).to_be_visible()


def measure(page: Page) -> None:
    """The search measured no latency, so a worker does it now."""
    expect(page.locator("#measurement [data-device]")).to_have_text("nowhere yet")
    page.get_by_role("button", name="Measure", exact=True).click()
    expect(page.locator("#measurement [data-memory]")).to_contain_text("MiB", timeout=MINUTES)
    expect(page.locator("#measurement [data-device]")).to_contain_text("thread")
    expect(page.get_by_role("button", name="Measure again")).to_be_enabled()


def download_checkpoint(page: Page, folder: Path) -> Path:
    with page.expect_download() as download:
        page.get_by_role("link", name="Download", exact=True).click()
    archive = folder / "checkpoint.zip"
    download.value.save_as(archive)
    return archive


def large_digit(folder: Path) -> Path:
    """An image of the data set in four times its size."""
    path = folder / "digit.png"
    image = Image.fromarray(load_dataset("digits").images[100, 0].numpy())
    image.resize((32, 32), Image.Resampling.NEAREST).save(path)
    return path


def first_image_of(label: int) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    digits = load_dataset("digits")
    return np.asarray(digits.images[digits.labels == label][0, 0].numpy())


def check_what_is_said(
    page: Page, pixels: "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]", archive: Path
) -> None:
    """The page shows these pixels as what the network sees, and the network's probabilities."""
    page.wait_for_function(SEES, arg=[int(value) for value in pixels.ravel()])
    loaded = search_engine.load(archive)
    shares = loaded.predict(pixels)[0]
    best = int(shares.argmax())
    first = page.locator("#try [data-bars] li").first
    wanted = rf"^{loaded.class_names[best]}\s*{100 * float(shares[best]):.1f}\s*%$"
    expect(first).to_have_text(re.compile(wanted), timeout=2 * MINUTES)
    shown = dict(text.split()[:2] for text in page.locator("#try [data-bars] li").all_inner_texts())
    assert set(shown) == set(loaded.class_names)
    for name, share in zip(loaded.class_names, shares.tolist(), strict=True):
        assert abs(float(shown[name]) - 100 * share) <= 0.051
