"""What a user does to an Espalier, over its API."""

import io
import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import APIRequestContext

PATIENCE_SECONDS = 1800
LOOK_SECONDS = 1.0


class Client:
    """The API as one user, who has signed in.

    Args:
        requests: of the browser in which they have.
        address: of Espalier.
    """

    def __init__(self, requests: APIRequestContext, address: str) -> None:
        self._requests, self._address = requests, address

    def get(self, path: str) -> Any:
        """The answer as plain values."""
        answer = self._requests.get(f"{self._address}/api/v1/{path}")
        assert answer.ok, answer.text()
        return answer.json()

    def post(self, path: str, body: Any = None) -> Any:
        """The answer as plain values; None where there is none."""
        answer = self._requests.post(
            f"{self._address}/api/v1/{path}", data=body or {}, headers=self._headers()
        )
        assert answer.ok, answer.text()
        return answer.json() if answer.body() else None

    def upload(self, path: str, name: str, data: bytes, **fields: str) -> Any:
        """Send a file with a form's other fields."""
        file: Any = {"name": name, "mimeType": "application/zip", "buffer": data}
        answer = self._requests.post(
            f"{self._address}/api/v1/{path}",
            multipart={**fields, "file": file},
            headers=self._headers(),
        )
        assert answer.ok, answer.text()
        return answer.json()

    def until(self, path: str, seen: Callable[[Any], bool]) -> Any:
        """Ask again until it has happened."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not seen(answer := self.get(path)):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{path}: {str(answer)[:500]}")
            time.sleep(LOOK_SECONDS)
        return answer

    def until_ended(self, path: str) -> Any:
        """Wait for a final state, whichever."""
        return self.until(path, lambda one: one["state"] in ("completed", "failed", "cancelled"))

    def _headers(self) -> dict[str, str]:
        cookies = self._requests.storage_state()["cookies"]
        token = next(c["value"] for c in cookies if c["name"] == "csrftoken")
        return {"X-CSRFToken": token, "Referer": self._address}


def zip_of_shapes(classes: int) -> bytes:
    """A zip with class folders of drawn shapes: what an upload looks like."""
    import random
    import zipfile

    from PIL import Image, ImageDraw

    rng, packed = random.Random(classes), io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in ("circles", "squares", "triangles")[:classes]:
            for number in range(90 if name == "circles" else 70):
                image = Image.new("L", (28, 28), rng.randrange(10, 60))
                x, y, size = rng.randrange(3, 12), rng.randrange(3, 12), rng.randrange(8, 14)
                draw, ink = ImageDraw.Draw(image), rng.randrange(150, 250)
                box = (x, y, x + size, y + size)
                if name == "circles":
                    draw.ellipse(box, fill=ink)
                elif name == "squares":
                    draw.rectangle(box, fill=ink)
                else:
                    draw.polygon([(x, y + size), (x + size, y + size), (x + size // 2, y)], ink)
                file = io.BytesIO()
                image.save(file, "PNG")
                archive.writestr(f"{name}/{number:03}.png", file.getvalue())
    return packed.getvalue()
