"""Pages that follow topics and lists, in a browser with real sockets."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from playwright.sync_api import Browser, Page, Request, WebSocketRoute, expect

from tests.end_to_end.prepared import *  # noqa: F403 - fixtures
from tests.end_to_end.prepared import signed_in
from tests.webapp.trainings.conftest import Train, train_fully
from webapp.accounts.models import User
from webapp.adopted.kinds import ADOPTION
from webapp.adopted.models import AdoptedNetwork
from webapp.adopted.names import Source
from webapp.asgi import by_protocol, pages
from webapp.checkpoints import lifecycle
from webapp.checkpoints.kinds import EXPORT
from webapp.datasets.kinds import PREPARATION
from webapp.datasets.models import Dataset
from webapp.searches import services
from webapp.searches.models import Search
from webapp.state import State
from webapp.trainings.kinds import TRAINING
from webapp.work.kind import Reason
from webapp.workers.heartbeat import Heartbeat

__all__ = ["train_fully"]  # a fixture

pytestmark = pytest.mark.django_db(transaction=True)

SOON = 5_000


class Server(uvicorn.Server):
    """In a thread of this process, so that it sees this test's rows."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.serves = threading.Event()

    async def startup(self, sockets: list[Any] | None = None) -> None:
        await super().startup(sockets)
        self.serves.set()

    @property
    def url(self) -> str:
        return f"http://localhost:{self.servers[0].sockets[0].getsockname()[1]}"


@pytest.fixture
def serving(transactional_db: None) -> Iterator[Server]:
    """The whole application, sockets and all, in place of Django's own server."""
    served: dict[str, Any] = {**by_protocol.application_mapping}
    served["http"] = ASGIStaticFilesHandler(pages)

    async def everything(scope: Any, receive: Any, send: Any) -> None:
        await served[scope["type"]](scope, receive, send)

    server = Server(uvicorn.Config(everything, port=0, lifespan="off", log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    assert server.serves.wait(30)
    yield server
    server.should_exit = True
    thread.join(10)


@pytest.fixture  # type: ignore[no-redef]
def opened(browser: Browser, ada: User, serving: Server) -> Iterator[Page]:
    """A page in which ada has signed in."""
    yield from signed_in(browser, ada, serving.url)


@pytest.fixture
def asked(opened: Page) -> list[str]:
    """Addresses of the API that the page asks for."""
    found: list[str] = []

    def note(request: Request) -> None:
        if "/api/" in request.url:
            found.append(request.url)

    opened.on("request", note)
    return found


def test_the_list_of_searches_reads_the_row_that_has_changed(opened: Page, search: Search) -> None:
    opened.goto("/")
    expect(opened.locator(".search-row h2")).to_contain_text("Digits")
    services.rename(search.owner, search.pk, "Numbers")
    expect(opened.locator(".search-row h2")).to_contain_text("Numbers", timeout=SOON)
    services.delete(search.owner, search.pk)
    expect(opened.locator(".search-row")).to_have_count(0, timeout=SOON)


def test_a_checkpoints_page_shows_an_export_as_it_comes_and_goes(
    opened: Page, search: Search, asked: list[str]
) -> None:
    checkpoint = search.checkpoints.filter(trial__number=1).get()
    opened.goto(f"/checkpoints/{checkpoint.pk}/")
    row = opened.locator("[data-form=onnx]")
    row.get_by_role("button", name="Build").click()
    expect(row).to_contain_text("Queued", timeout=SOON)
    export = checkpoint.exports.get()
    EXPORT.claim(export.pk, "gpu0@lab")
    expect(row).to_contain_text("Being built", timeout=SOON)
    row.get_by_role("button", name="Cancel").click()
    expect(row.get_by_role("button", name="Cancel")).to_have_count(0, timeout=SOON)
    assert [address for address in asked if "/events/" in address] == []


def test_a_trials_page_shows_that_it_is_pinned_elsewhere(opened: Page, search: Search) -> None:
    opened.goto(f"/searches/{search.pk}/trials/3/")
    expect(opened.locator("#pin")).to_have_text("Pin")
    services.pin_trial(search.owner, search.pk, 3, pinned=True)
    expect(opened.locator("#pin")).to_have_text("Unpin", timeout=SOON)


def test_the_page_of_workers_hears_of_a_new_one(opened: Page, search: Search) -> None:
    opened.goto("/workers/")
    expect(opened.locator(".worker")).to_have_count(2)
    Heartbeat("gpu2@lab", ["gpu"]).begin()
    expect(opened.locator(".worker")).to_have_count(3, timeout=SOON)


def test_the_list_of_checkpoints_shows_a_measurement(opened: Page, search: Search) -> None:
    opened.goto("/checkpoints/")
    expect(opened.locator("tbody td.device").first).to_have_text("–")
    checkpoint = search.checkpoints.order_by("-created_at", "-pk").first()
    assert checkpoint is not None
    measured = {"latency_1": 0.001, "latency_64": 0.02, "memory": 2**20, "measured_on": "A device"}
    type(checkpoint).objects.filter(pk=checkpoint.pk).update(**measured)
    lifecycle.measurement_requested(checkpoint)
    expect(opened.locator("tbody td.device").first).to_have_text("A device", timeout=SOON)
    expect(opened.locator("tbody .glyph, tbody svg").first).to_be_visible()


def test_a_final_trainings_page_follows_it_and_offers_what_may_be_done(
    opened: Page, search: Search, train_fully: Train
) -> None:
    trial = search.trials.get(number=1)
    training = train_fully(trial)
    opened.goto(f"/final-trainings/{training.pk}/")
    state = opened.locator("#training-state")
    expect(state).to_have_text("Queued")
    token = TRAINING.claim(training.pk, "gpu0@lab")
    assert token is not None
    expect(state).to_have_text("Running", timeout=SOON)
    told = {"epoch": 1, "epochs": 2, "step": 0, "steps": 0, "loss": 1.0}
    epoch = {"accuracy": 0.5, "training_accuracy": 0.4, "loss": 1.0, "learning_rate": 0.1}
    news = {**told, "history_from": 0, "history": [epoch]}
    TRAINING.progressed(training.pk, token, told, news, history=[epoch])
    expect(opened.locator("#epochs-note")).to_have_text("1 complete", timeout=SOON)
    opened.get_by_role("button", name="Pause").click()
    expect(opened.get_by_role("button", name="Pausing…")).to_be_disabled(timeout=SOON)
    TRAINING.give_back(training.pk, token, Reason.STOPPING)
    expect(opened.get_by_role("button", name="Resume")).to_be_visible(timeout=SOON)
    expect(state).to_have_text("Paused")


def test_a_data_set_is_followed_in_the_list_and_on_its_page(opened: Page, ada: User) -> None:
    row = Dataset(owner=ada, name="Leaves", engine_name="leaves", state=State.QUEUED)
    dataset = PREPARATION.add(row)
    opened.goto("/datasets/")
    card = opened.locator(f"#dataset-{dataset.pk}")
    expect(card.locator(".state")).to_have_text("Queued")
    token = PREPARATION.claim(dataset.pk, "cpu@lab")
    assert token is not None
    expect(card.locator(".state")).to_have_text("Running", timeout=SOON)
    opened.goto(dataset.get_absolute_url())
    PREPARATION.progressed(dataset.pk, token, {"share": 0.4, "note": "Reading images"})
    expect(opened.locator("[data-progress-note]")).to_have_text("Reading images", timeout=SOON)
    PREPARATION.fail(dataset.pk, token, "The zip holds no images.")
    expect(opened.get_by_role("alert")).to_contain_text("holds no images", timeout=SOON)


def test_a_network_of_ones_own_is_followed(opened: Page, ada: User) -> None:
    network = ADOPTION.add(AdoptedNetwork(owner=ada, name="Mine", source=Source.PROGRAM))
    opened.goto(network.get_absolute_url())
    expect(opened.locator("#busy")).to_contain_text("waiting for a worker")
    token = ADOPTION.claim(network.pk, "cpu@lab")
    assert token is not None
    expect(opened.locator("#busy")).not_to_contain_text("waiting", timeout=SOON)
    ADOPTION.fail(network.pk, token, "It is no network.")
    expect(opened.get_by_role("alert")).to_contain_text("It is no network.", timeout=SOON)


def test_what_happens_between_page_and_socket_is_shown(opened: Page, ada: User) -> None:
    """A worker takes the network when the page is there and its socket is not yet."""
    network = ADOPTION.add(AdoptedNetwork(owner=ada, name="Mine", source=Source.PROGRAM))

    def claim_first(socket: WebSocketRoute) -> None:
        ADOPTION.claim(network.pk, "cpu@lab")
        socket.connect_to_server()

    opened.route_web_socket("**/ws/**", claim_first)
    opened.goto(network.get_absolute_url())
    expect(opened.locator("#busy")).not_to_contain_text("waiting", timeout=SOON)
