"""The processes that `make run` starts, and a real browser in front of them."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[2]
CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Espalier:
    """A running Espalier with its own folder."""

    address: str
    folder: Path
    process: subprocess.Popen[str]

    def stop(self) -> int:
        """Press Ctrl-C, once, and wait; the exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=60)


def start_espalier(folder: Path) -> Espalier:
    """Start everything on a free port, and wait until it says where it is."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {name: v for name, v in os.environ.items() if not name.startswith("ESPALIER_")}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    process = subprocess.Popen(
        [sys.executable, "-m", "webapp.embedded"],
        cwd=ROOT,
        env={**environment, "ESPALIER_VAR": str(folder), "ESPALIER_PORT": str(port)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if "Espalier is at" in line:
            return Espalier(f"http://localhost:{port}", folder, process)
    raise RuntimeError("".join(said))


@pytest.fixture
def espalier(tmp_path: Path) -> Iterator[Espalier]:
    """Everything, started; stopped after the test whatever happens."""
    running = start_espalier(tmp_path / "var")
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium without a window."""
    if not Path(CHROMIUM).exists():
        pytest.fail(f"{CHROMIUM} is missing: apt-get install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page in a fresh profile. Errors in its scripts fail the test."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True)
    opened, faults = context.new_page(), []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.set_default_timeout(30_000)
    yield opened
    context.close()
    assert not faults
