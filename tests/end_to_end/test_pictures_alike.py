"""The browser sees odd pictures as Python does, to the bit."""

import base64
import functools
import http.server
import itertools
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page

from search_engine.loading import pixels_of
from search_engine.pictures.pixels import opened
from search_engine.spec import ImageShape
from search_engine.spec.pictures import Fit, Rendering
from tests.search_engine.pictures.odd_pictures import odd_pictures

STATIC = Path(__file__).parents[2] / "static"
PICTURES = odd_pictures()
SEEN = """async ([content, name, ways]) => {
  const { pixelsOf } = await import("/js/lib/picture.js");
  const { seen } = await import("/js/domain/preprocess.js");
  const bytes = Uint8Array.from(atob(content), (sign) => sign.charCodeAt(0));
  const image = await pixelsOf(new File([bytes], name));
  return ways.map(([shape, rendering]) => [...seen(image, shape, { rendering })]);
}"""
RENDERINGS = (
    Rendering(levels=(700, 50000)),
    Rendering(fit=Fit.CROP, ground="#204060", levels=(0, 40000)),
    Rendering(fit=Fit.PAD, ground="#808000"),
)
SHAPES = (ImageShape(3, 24, 32), ImageShape(1, 17, 13))


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Scripts have their type everywhere, and requests are not told."""

    extensions_map = {".js": "text/javascript", "": "text/html"}  # noqa: RUF012

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The scripts of the pages, served as they are."""
    handler = functools.partial(Quiet, directory=str(STATIC))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


def in_python(name: str, shape: ImageShape, rendering: Rendering) -> NDArray[np.uint8]:
    with opened(PICTURES[name], name) as image:
        return pixels_of(image, shape, rendering).numpy()


def test_the_browser_sees_what_python_sees(page: Page, address: str) -> None:
    page.goto(address)
    ways = list(itertools.product(SHAPES, RENDERINGS))
    differ = {}
    for name, content in PICTURES.items():
        sizes = [((s.channels, s.height, s.width), way.to_json()) for s, way in ways]
        given = [base64.b64encode(content).decode(), name, sizes]
        for (shape, rendering), found in zip(ways, page.evaluate(SEEN, given), strict=True):
            expected = in_python(name, shape, rendering)
            most = np.abs(np.array(found).reshape(expected.shape) - expected.astype(int)).max()
            if most:
                differ[name, shape.channels, rendering.fit.value] = int(most)
    assert differ == {}
