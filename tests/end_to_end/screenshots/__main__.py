"""Takes every page, light and dark, on a desktop and on a phone, into `docs/screenshots/`.

    python -m tests.end_to_end.screenshots [--quick] [--into FOLDER] [--only search home …]

Which pages there are is read from the addresses; one whose parameters have no example stops it, so
none is forgotten. It says which pages scroll sideways on a phone.
"""

import argparse
import io
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import django
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.end_to_end.chromium import CHROMIUM, FLAGS
from tests.end_to_end.installation import ROOT, installation
from tests.end_to_end.screenshots.client import Client
from tests.end_to_end.screenshots.pages import addresses
from tests.end_to_end.screenshots.scene import PASSWORD, Scene, begin_search, set_scene

INTO = ROOT / "docs" / "screenshots"
SIZES: dict[str, Any] = {
    "": {"viewport": {"width": 1280, "height": 800}},
    "-phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
}
THEMES: dict[str, Any] = {"": "light", "-dark": "dark"}
LONGEST_PIXELS = 2400
COLOURS, EXACT_COLOURS, NEAR = 192, 64, 6
Colour = tuple[int, int, int]


def main() -> None:
    """Start everything, set the scene, take the pictures, stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a search of three trials")
    parser.add_argument("--into", type=Path, default=INTO)
    parser.add_argument("--only", nargs="+", help="names of addresses")
    arguments = parser.parse_args()
    arguments.into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        _set_up_django(Path(folder) / "addresses")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        with installation(Path(folder) / "var", with_servers=False) as espalier:
            camera = Camera(browser, espalier.address, arguments.into)
            camera.take_before_sign_in()
            client = camera.make_first_account()
            scene = set_scene(client, quick=arguments.quick)
            begin_search(client, scene)
            camera.take_pages(scene, arguments.only)
        browser.close()


class Camera:
    """Takes pages of a running Espalier."""

    def __init__(self, browser: Browser, address: str, into: Path) -> None:
        self._browser, self._address, self._into = browser, address, into
        self._state: Any = None

    def take_before_sign_in(self) -> None:
        """The page of the first account; there is never another."""
        self._take_all({"set-up": "/setup/"})

    def make_first_account(self) -> Client:
        """Ada, an administrator; what she may ask for."""
        context = self._browser.new_context()
        page = context.new_page()
        page.goto(f"{self._address}/setup/")
        page.get_by_label("Name").fill("ada")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_label(re.compile("again", re.IGNORECASE)).fill(PASSWORD)
        page.get_by_role("button", name="Create account").click()
        page.wait_for_url(f"{self._address}/")
        self._take_all({"sign-in": "/sign-in/"})
        self._state = context.storage_state()
        self._take_all({"home-empty": "/", "checkpoints-empty": "/checkpoints/"})
        return Client(context.request, self._address)

    def take_pages(self, scene: Scene, only: list[str] | None) -> None:
        """Every page that answers."""
        pages = {"not-found": "/nowhere/"} if only is None else {}
        for name, address in addresses(scene):
            if only is None or any(name.split("-")[0] == one for one in only):
                pages[name] = address
        self._take_all(pages)

    def _take_all(self, pages: dict[str, str]) -> None:
        for size, options in SIZES.items():
            for theme, scheme in THEMES.items():
                context = self._browser.new_context(
                    **options, color_scheme=scheme, storage_state=self._state
                )
                for name, path in pages.items():
                    self._take(context, path, f"{name}{size}{theme}")
                context.close()

    def _take(self, context: BrowserContext, path: str, name: str) -> None:
        answer = context.request.get(self._address + path)
        kind, place = (
            answer.headers.get(f"content-{what}", "") for what in ("type", "disposition")
        )
        if answer.status == 405 or "html" not in kind or place.startswith("attachment"):
            return  # it answers a POST alone, or is no page
        page = context.new_page()
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(self._address + path, wait_until="networkidle")
        page.evaluate("document.fonts.ready")
        page.wait_for_timeout(800)  # charts and opening animations
        _write(self._into / f"{name}.png", page)
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if wide > 0:
            faults.append(f"is {wide} pixels too wide")
        for fault in faults:
            print(f"{name}: {fault}", file=sys.stderr)
        page.close()


def _write(path: Path, page: Page) -> None:
    """The page, at most so long, in few colours: a third of the size, and not to be told apart."""
    size = page.viewport_size
    assert size is not None
    # A window as high as the page: what sticks to the window's edge is where a reader sees it last.
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({**size, "height": max(size["height"], min(height, LONGEST_PIXELS))})
    page.wait_for_timeout(300)
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    _in_few_colours(picture).save(path, optimize=True)


def _in_few_colours(picture: Image.Image) -> Image.Image:
    """Its commonest colours exactly, so that no ground changes its tint, and others near enough."""
    counted: Any = picture.getcolors(picture.width * picture.height)
    others = picture.quantize(COLOURS - EXACT_COLOURS, method=Image.Quantize.MAXCOVERAGE)
    wanted = [colour for _, colour in sorted(counted, reverse=True)[:EXACT_COLOURS]]
    # Pillow looks for the nearest colour in coarse steps: none may stand beside a commoner one.
    chosen: list[Colour] = []
    for colour in (*wanted, *_palette(others)):
        if all(_distance(colour, one) > NEAR for one in chosen):
            chosen.append(colour)
    palette = Image.new("P", (1, 1))
    palette.putpalette([value for colour in chosen for value in colour])
    return picture.quantize(palette=palette, dither=Image.Dither.NONE)


def _distance(one: Colour, other: Colour) -> int:
    return max(abs(x - y) for x, y in zip(one, other, strict=True))


def _palette(picture: Image.Image) -> list[Colour]:
    flat = list(picture.getpalette() or [])[: 3 * len(picture.getcolors() or [])]
    return list(zip(flat[::3], flat[1::3], flat[2::3], strict=True))


def _set_up_django(folder: Path) -> None:
    """Only to read the addresses: the pages come from processes of their own."""
    os.environ.update(ESPALIER_VAR=str(folder), DJANGO_SETTINGS_MODULE="webapp.settings")
    django.setup()


if __name__ == "__main__":
    main()
