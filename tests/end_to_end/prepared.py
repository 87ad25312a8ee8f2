"""Pages in front of Django's own server, with rows of a small search that has really been run."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page

from tests.webapp.conftest import digits
from tests.webapp.searches.conftest import Launch, launch, own_files
from tests.webapp.searches.driving import work
from webapp.accounts.models import Installation, User
from webapp.datasets.models import Dataset
from webapp.searches import services
from webapp.searches.models import Search
from webapp.state import State
from webapp.workers.heartbeat import Heartbeat, say_good_bye

__all__ = [
    "ada",
    "alice",
    "digits",
    "launch",
    "opened",
    "own_files",
    "rows_beside_a_browser",
    "search",
]


@pytest.fixture(autouse=True, scope="module")
def rows_beside_a_browser() -> Iterator[None]:
    """Playwright's loop runs in this thread; Django would take rows read here for its mistake."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield


@pytest.fixture
def ada(transactional_db: None) -> User:
    """Who may do everything."""
    Installation.objects.get_or_create()
    return User.objects.create_superuser("ada", "ada@example.org", "a long walk among pear trees")


@pytest.fixture
def alice(ada: User) -> User:
    """Whose search it is."""
    return ada


@pytest.fixture
def search(launch: Launch) -> Search:
    """Completed: one trial has failed, one is pinned; it has a note, tags and a reader."""
    made = launch()
    Dataset.objects.filter(pk=made.dataset_id).update(source="https://example.org/digits")
    work(made)
    made.trials.filter(number=2).update(
        state=State.FAILED, failure="A fault of Espalier", traceback="ZeroDivisionError: oops"
    )
    services.pin_trial(made.owner, made.pk, 1, pinned=True)
    services.write_note(made.owner, made.pk, "The first one that was any good.")
    services.set_tags(made.owner, made.pk, ["thesis", "digits"])
    User.objects.create_user("bob", password="correct horse battery")
    services.share(made.owner, made.pk, "bob")
    for name in ("gpu0@lab", "gpu1@lab"):
        Heartbeat(name, ["gpu"]).begin()
    say_good_bye("gpu1@lab")
    return made


@pytest.fixture
def opened(browser: Browser, ada: User, live_server: Any) -> Iterator[Page]:
    """A page in which ada has signed in, addressed from the server's root."""
    yield from signed_in(browser, ada, live_server.url)


def signed_in(browser: Browser, user: User, url: str) -> Iterator[Page]:
    """A page of the server at this address."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    context = browser.new_context(base_url=url, reduced_motion="reduce")
    value = client.cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": value, "url": url}])
    yield context.new_page()
    context.close()
