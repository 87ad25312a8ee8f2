"""A kept network, exported and tried in the browser: it says there what it says in Python."""

import re
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page, expect

import search_engine
from search_engine.data import load_dataset
from tests.end_to_end.installation import Espalier
from tests.end_to_end.watching import MINUTES, launch, make_first_account

SEEN = """canvas => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return [...data].filter((_, at) => at % 4 === 0);
}"""


def test_a_network_classifies_in_the_browser_as_it_does_in_python(
    page: Page, espalier: Espalier, tmp_path: Path
) -> None:
    make_first_account(page, espalier.address)
    search = launch(page, espalier.address, "Pears", trials=1)
    page.goto(f"{espalier.address}/searches/{search}/")
    expect(page.locator("#search-state")).to_have_text("Completed", timeout=4 * MINUTES)

    open_best_checkpoint(page)
    page.get_by_role("button", name="Build the ONNX export").click()
    expect(page.locator("#exports [data-kind=onnx]")).to_contain_text(
        "allowed, on 256 test images", timeout=4 * MINUTES
    )
    asked: list[tuple[str, str]] = []
    page.on("request", lambda request: asked.append((request.method, request.url)))
    digit = tmp_path / "digit.png"
    draw_digit(digit)
    page.locator("#try input[type=file]").set_input_files(digit)
    check_classes(page, digit, tmp_path)
    assert page.locator("#try .seen canvas").evaluate(SEEN) == seen_by_python(digit)

    page.get_by_label("Invert light and dark").check()
    inverted = tmp_path / "inverted.png"
    pixels = np.array(seen_by_python(digit), dtype=np.uint8).reshape(8, 8)
    Image.fromarray(255 - pixels).save(inverted)
    check_classes(page, inverted, tmp_path)

    page.get_by_label("Invert light and dark").uncheck()
    page.get_by_role("button", name="Try a sample of 3").click()
    expect(page.locator("#try [data-bars] li")).to_have_count(10)
    # Nothing is sent anywhere: whatever was asked for was only read, and here.
    assert {method for method, _ in asked} == {"GET"}
    assert all(url.startswith((espalier.address, "blob:")) for _, url in asked)


def open_best_checkpoint(page: Page) -> None:
    """Through the header, as somebody finds it."""
    page.get_by_role("link", name="Checkpoints", exact=True).click()
    page.get_by_label("Origin").select_option("trial")
    page.get_by_role("button", name="Filter").click()
    expect(page).to_have_url(re.compile("origin=trial"))
    page.locator("td.network-cell a").first.click()
    expect(page.locator("#network svg")).to_be_visible()


def draw_digit(path: Path) -> None:
    """A test image of the data set, four times as large."""
    digits = load_dataset("digits")
    pixels = digits.images[100, 0].numpy()
    Image.fromarray(pixels).resize((32, 32), Image.Resampling.NEAREST).save(path)


def seen_by_python(picture: Path) -> list[int]:
    """Pixels of the network's size, row by row."""
    seen = Image.open(picture).resize((8, 8), Image.Resampling.BILINEAR)
    return [int(value) for value in np.asarray(seen).ravel()]


def check_classes(page: Page, picture: Path, folder: Path) -> None:
    """What the page shows of this picture is what the downloaded network says of it."""
    archive = folder / "checkpoint.zip"
    if not archive.exists():
        with page.expect_download() as download:
            page.get_by_role("link", name="Download", exact=True).click()
        download.value.save_as(archive)
    loaded = search_engine.load(archive)
    shares = loaded.predict(Image.open(picture))[0]
    best = int(shares.argmax())
    first = page.locator("#try [data-bars] li").first
    expect(first).to_have_text(
        re.compile(rf"^{loaded.class_names[best]}\s*{100 * float(shares[best]):.1f}\s*%$")
    )
    shown = page.locator("#try [data-bars] li").all_inner_texts()
    for text in shown:
        name, number = re.match(r"(\S+)\s+([\d.]+)", text).groups()  # type: ignore[union-attr]
        expected = 100 * float(shares[loaded.class_names.index(name)])
        assert abs(float(number) - expected) <= 0.051
