"""What a page costs a real browser, read from Chromium's own counters."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, sync_playwright

from tests.end_to_end.chromium import CHROMIUM, FLAGS

SETTLED_SECONDS = 0.05
"""A page has settled once its main thread worked less than this in a second."""

# The frame after the one in which the text appears: then it has been painted.
_WATCH = """
(() => {
  const look = () => {
    const place = document.querySelector(%r);
    if (place && /\\d/.test(place.textContent)) {
      requestAnimationFrame(() => { window.paintedAt = performance.now(); });
    } else {
      requestAnimationFrame(look);
    }
  };
  requestAnimationFrame(look);
})();
"""


@dataclass
class Wire:
    """Bytes as they came over the network, by kind of file; frames of sockets; what is awaited."""

    bytes_of: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    pending: set[str] = field(default_factory=set)
    frames: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        return sum(self.bytes_of.values())


@dataclass(frozen=True)
class Load:
    """One load of a page with an empty cache.

    Args:
        painted_seconds: from the click to the frame that shows the awaited number.
        total_bytes: that came over the network, compressed as they were.
        script_bytes: of them, JavaScript.
        elements: in the document.
        nodes: that the renderer holds, texts included.
        heap_bytes: of JavaScript, after it has settled.
        busy_seconds: of processor time of the main thread until it has settled.
        script_seconds: of them, in JavaScript.
    """

    painted_seconds: float
    total_bytes: int
    script_bytes: int
    elements: int
    nodes: int
    heap_bytes: int
    busy_seconds: float
    script_seconds: float


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium without a window."""
    if not Path(CHROMIUM).exists():
        raise FileNotFoundError(f"{CHROMIUM} is missing; on Debian: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


def signed_in(browser: Browser, address: str, username: str, password: str) -> BrowserContext:
    """A fresh profile in which this user has signed in; its cache holds what sign-in needs."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(f"{address}/sign-in/")
    page.get_by_label("Name").fill(username)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{address}/")
    page.close()
    return context


def measure(context: BrowserContext, address: str, awaited: str) -> tuple[Load, Page, Wire]:
    """Load a page with an empty cache and wait until it has settled.

    Args:
        context: of who has signed in.
        address: of the page.
        awaited: selector of the element whose number must be painted.

    Returns:
        What it cost, the open page, and the wire, which goes on listening.
    """
    page = context.new_page()
    page.add_init_script(_WATCH % awaited)
    session, wire = context.new_cdp_session(page), Wire()
    _listen(session, wire)
    session.send("Network.clearBrowserCache")
    before = _counters(session)
    page.goto(address, wait_until="commit")
    page.wait_for_function("() => window.paintedAt", timeout=120_000)
    after = _settled(page, session, wire)
    load = Load(
        painted_seconds=page.evaluate("window.paintedAt") / 1000,
        total_bytes=wire.total,
        script_bytes=wire.bytes_of["Script"],
        elements=page.evaluate("document.getElementsByTagName('*').length"),
        nodes=int(after["Nodes"]),
        heap_bytes=int(after["JSHeapUsedSize"]),
        busy_seconds=after["TaskDuration"] - before["TaskDuration"],
        script_seconds=after["ScriptDuration"] - before["ScriptDuration"],
    )
    return load, page, wire


def _listen(session: CDPSession, wire: Wire) -> None:
    kinds: dict[str, str] = {}

    def asked(event: dict[str, Any]) -> None:
        wire.pending.add(event["requestId"])

    def responded(event: dict[str, Any]) -> None:
        kinds[event["requestId"]] = event["type"]

    def loaded(event: dict[str, Any]) -> None:
        wire.pending.discard(event["requestId"])
        kind = kinds.get(event["requestId"], "Other")
        wire.bytes_of[kind] += int(event["encodedDataLength"])

    def framed(event: dict[str, Any]) -> None:
        wire.frames.append(event["response"]["payloadData"])

    def failed(event: dict[str, Any]) -> None:
        wire.pending.discard(event["requestId"])

    session.on("Network.requestWillBeSent", asked)
    session.on("Network.loadingFailed", failed)
    session.on("Network.responseReceived", responded)
    session.on("Network.loadingFinished", loaded)
    session.on("Network.webSocketFrameReceived", framed)
    session.send("Network.enable")
    # Time in which the thread ran, not in which it waited for a busy machine.
    session.send("Performance.enable", {"timeDomain": "threadTicks"})


def _settled(page: Page, session: CDPSession, wire: Wire) -> dict[str, float]:
    """The counters once nothing is awaited and the main thread has nothing more to do."""
    before = _counters(session)
    while True:
        page.wait_for_timeout(1000)
        after = _counters(session)
        is_idle = after["TaskDuration"] - before["TaskDuration"] < SETTLED_SECONDS
        if is_idle and not wire.pending:
            return after
        before = after


def _counters(session: CDPSession) -> dict[str, float]:
    metrics = session.send("Performance.getMetrics")["metrics"]
    return {metric["name"]: metric["value"] for metric in metrics}
