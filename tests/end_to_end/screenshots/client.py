"""What a user does to an Espalier, over its API."""

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
