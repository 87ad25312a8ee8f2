"""The processes that `make run` starts, and a real browser in front of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.end_to_end.chromium import CHROMIUM, FLAGS
from tests.end_to_end.installation import Espalier, installation
from tests.end_to_end.watching import PASSWORD
from tests.end_to_end.without_browser import SignedIn


@pytest.fixture(scope="session")
def with_account(tmp_path_factory: pytest.TempPathFactory, first_start: Path) -> Iterator[Espalier]:
    """One for all tests that do not mind what others leave there, with its first account, ada."""
    folder = tmp_path_factory.mktemp("installation") / "var"
    with installation(folder, with_servers=False, like=first_start) as running:
        visitor = SignedIn(running.address)
        visitor.submit("/setup/", username="ada", password1=PASSWORD, password2=PASSWORD)
        yield running


@pytest.fixture(params=[False, True], ids=["embedded", "PostgreSQL and Redis"])
def with_servers(request: pytest.FixtureRequest) -> bool:
    """Both ways to run it, one after the other."""
    return bool(request.param)


@pytest.fixture
def either(with_servers: bool, tmp_path: Path, first_start: Path) -> Iterator[Espalier]:
    """Everything, started, in both ways to run it; stopped after the test whatever happens."""
    folder = tmp_path / "var"
    with installation(folder, with_servers=with_servers, like=first_start) as running:
        yield running


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Espalier]:
    """In an empty folder."""
    with installation(tmp_path / "var", with_servers=False) as running:
        yield running


# Not for the whole session: Playwright leaves an event loop running in its thread for as long as
# it lives, and no asynchronous test that follows in this process could have one of its own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium without a window."""
    if not Path(CHROMIUM).exists():
        pytest.fail(f"{CHROMIUM} is missing: apt-get install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@contextmanager
def profile(
    browser: Browser, motion: Literal["no-preference", "reduce"] = "reduce"
) -> Iterator[Page]:
    """A page in a fresh profile. Errors in its scripts fail the test.

    Args:
        motion: without a graphics card, what moves on a page takes as much as a training.
    """
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, accept_downloads=True, reduced_motion=motion
    )
    opened, faults = context.new_page(), []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.set_default_timeout(30_000)
    yield opened
    context.close()
    assert not faults


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with profile(browser) as opened:
        yield opened


@pytest.fixture
def lively_page(browser: Browser) -> Iterator[Page]:
    """One that moves, as it does for most."""
    with profile(browser, "no-preference") as opened:
        yield opened
