"""docs/api.md as its reader follows it: every block as it stands, in order, on real processes."""

import http.cookiejar
import os
import re
import shutil
import subprocess
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from PIL import Image

from tests.end_to_end.installation import ROOT, Espalier

PAGE = ROOT / "docs" / "api.md"
BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PASSWORD = "a long walk among pear trees"
PROGRAMS = ("bash", "curl", "jq", "unzip")
DONE = "this block is done"


class Shell:
    """One bash that remembers functions and variables from block to block, and stops at a fault."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._bash = subprocess.Popen(
            ["bash", "-euo", "pipefail"],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, block: str) -> str:
        """What the block prints."""
        assert self._bash.stdin and self._bash.stdout
        self._bash.stdin.write(f"{block}\necho {DONE!r}\n")
        self._bash.stdin.flush()
        said: list[str] = []
        for line in self._bash.stdout:
            if line.strip() == DONE:
                return "".join(said)
            said.append(line)
        raise AssertionError(f"this block failed:\n{block}\n{''.join(said)}")

    def close(self) -> None:
        self._bash.communicate()


class SignedIn:
    """A browser without a window or scripts: cookies, and the token that forms need."""

    def __init__(self, address: str) -> None:
        self._address, self._cookies = address, http.cookiejar.CookieJar()
        handler = urllib.request.HTTPCookieProcessor(self._cookies)
        self._opener = urllib.request.build_opener(handler)

    def submit(self, path: str, **fields: str) -> str:
        """Open a page, fill its form in, send it; the page that follows."""
        self._opener.open(self._address + path).close()
        token = next(c.value or "" for c in self._cookies if c.name == "csrftoken")
        body = urllib.parse.urlencode({**fields, "csrfmiddlewaretoken": token}).encode()
        with self._opener.open(self._address + path, body) as answer:
            return str(answer.read().decode())


@pytest.fixture
def token(espalier: Espalier) -> str:
    """The secret that the page of tokens shows, for the first account."""
    browser = SignedIn(espalier.address)
    browser.submit("/setup/", username="ada", password1=PASSWORD, password2=PASSWORD)
    page = browser.submit("/account/tokens/", name="docs", lifetime_days="90")
    found = re.search(r"esp_[\w-]{20,}", page)
    assert found is not None
    return found[0]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the reader works, with the images that stand for theirs."""
    made = tmp_path / "reader"
    made.mkdir()
    with zipfile.ZipFile(made / "pears.zip", "w") as archive:
        for index in range(60):
            name, grey = ("ripe", 180) if index % 2 else ("green", 60)
            picture = made / f"{index}.png"
            Image.new("L", (16, 16), grey + index % 60).save(picture)
            archive.write(picture, f"{name}/{index}.png")
    return made


@pytest.fixture
def shell(folder: Path, espalier: Espalier, token: str) -> Iterator[Shell]:
    for program in PROGRAMS:
        if shutil.which(program) is None:
            pytest.fail(f"{program} is missing; on Debian: apt-get install {' '.join(PROGRAMS)}")
    variables = {"ESPALIER": espalier.address, "TOKEN": token}
    bash = Shell(folder, {**os.environ, **variables})
    yield bash
    bash.close()


def test_every_block_of_the_page_runs(
    shell: Shell,
    folder: Path,
    espalier: Espalier,
    token: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("ESPALIER", espalier.address)
    monkeypatch.setenv("TOKEN", token)
    monkeypatch.chdir(folder)
    names: dict[str, object] = {}
    said = []
    for language, block in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        if language == "sh":
            said.append(shell.run(block))
        else:
            exec(compile(block, PAGE.name, "exec"), names)
            said.append(capsys.readouterr().out)
    printed = "".join(said)
    assert '"username": "ada"' in printed
    assert len(re.findall(r"^trial \d+: 0\.\d+$", printed, re.MULTILINE)) == 3
    assert len(re.findall(r"^trial \d+: [\d.]+% in [\d.]+ s$", printed, re.MULTILINE)) == 3
    assert zipfile.is_zipfile(folder / "best.zip") and zipfile.is_zipfile("best-by-python.zip")
