"""Users without a browser: one that fills in forms, and a program with a token."""

import http.cookiejar
import json
import urllib.parse
import urllib.request
from typing import Any


class SignedIn:
    """A browser without a window or scripts: cookies, and the token that forms need."""

    def __init__(self, address: str) -> None:
        self._address, self._cookies = address, http.cookiejar.CookieJar()
        handler = urllib.request.HTTPCookieProcessor(self._cookies)
        self._opener = urllib.request.build_opener(handler)

    def page(self, path: str) -> str:
        """What a page says."""
        with self._opener.open(self._address + path) as answer:
            return str(answer.read().decode())

    def submit(self, path: str, **fields: str) -> str:
        """Open a page, fill its form in, send it; the page that follows."""
        self.page(path)
        token = next(c.value or "" for c in self._cookies if c.name == "csrftoken")
        body = urllib.parse.urlencode({**fields, "csrfmiddlewaretoken": token}).encode()
        with self._opener.open(self._address + path, body) as answer:
            return str(answer.read().decode())


class Program:
    """Uses the API with a token."""

    def __init__(self, address: str, token: str) -> None:
        self._api, self._token = f"{address}/api/v1", token

    def get(self, path: str) -> Any:
        """What the API says."""
        return json.loads(self.download(path))

    def post(self, path: str, body: object = None, **headers: str) -> Any:
        return json.loads(self._ask(path, json.dumps(body).encode(), headers) or "null")

    def post_file(self, path: str, name: str, content: bytes) -> Any:
        """Upload a zip, as a form does."""
        head = (
            f'--form\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
            "Content-Type: application/zip\r\n\r\n"
        )
        body = head.encode() + content + b"\r\n--form--\r\n"
        kind = {"Content-Type": "multipart/form-data; boundary=form"}
        return json.loads(self._ask(path, body, kind))

    def download(self, path: str) -> bytes:
        return self._ask(path, None, {})

    def _ask(self, path: str, body: bytes | None, headers: dict[str, str]) -> bytes:
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        own = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        headers = {**own, **headers}
        request = urllib.request.Request(self._api + path, body, headers)
        with urllib.request.urlopen(request) as answer:
            return bytes(answer.read())
