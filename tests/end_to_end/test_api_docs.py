"""docs/api.md as its reader follows it: every block as it stands, in order, on real processes."""

import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from PIL import Image

from tests.end_to_end.installation import ROOT, Espalier
from tests.end_to_end.watching import PASSWORD
from tests.end_to_end.without_browser import SignedIn

PAGE = ROOT / "docs" / "api.md"
BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
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


@pytest.fixture
def token(with_account: Espalier) -> str:
    """The secret that the page of tokens shows."""
    browser = SignedIn(with_account.address)
    browser.submit("/sign-in/", username="ada", password=PASSWORD)
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
def shell(folder: Path, with_account: Espalier, token: str) -> Iterator[Shell]:
    for program in PROGRAMS:
        if shutil.which(program) is None:
            pytest.fail(f"{program} is missing; on Debian: apt-get install {' '.join(PROGRAMS)}")
    variables = {"ESPALIER": with_account.address, "TOKEN": token}
    bash = Shell(folder, {**os.environ, **variables})
    yield bash
    bash.close()


def test_every_block_of_the_page_runs(
    shell: Shell,
    folder: Path,
    with_account: Espalier,
    token: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("ESPALIER", with_account.address)
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
