"""From rows to sockets: one hub per web process tails the events of the searches somebody watches.

Watchers are grouped by what they have seen, so the number of queries does not depend on how many
they are, and a frame is made once for all of them. One frame per tick and socket.
"""

import asyncio
import contextlib
import json
import logging
import time
from collections import defaultdict
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import Error as DatabaseFault
from redis.exceptions import RedisError

from webapp.searches import rights
from webapp.searches.events import DOORBELL, EventJSON, Kind, event_json
from webapp.searches.models import Search, SearchEvent

POLL_SECONDS = 0.2
POLL_WITH_DOORBELL_SECONDS = 2.0
BATCH_SECONDS = 0.02
HEARTBEAT_SECONDS = 1.5
RIGHTS_SECONDS = 1.0
QUEUE_FRAMES = 32
FRAME_EVENTS = 500
TOO_FAR_BEHIND = 20_000

logger = logging.getLogger(__name__)
Frame = str | int
"""Text to send, or the code to close with."""


@dataclass(eq=False)
class Watcher:
    """One socket.

    Args:
        search_id: what it watches.
        user_id: who watches.
        session_key: under which they are signed in.
        seen: sequence of the last event that it was given.
    """

    search_id: int
    user_id: int
    session_key: str
    seen: int
    frames: "asyncio.Queue[Frame]" = field(default_factory=lambda: asyncio.Queue(QUEUE_FRAMES))

    def give(self, frame: Frame) -> bool:
        """Queue a frame; False where the socket is too slow, and is told to reload."""
        try:
            self.frames.put_nowait(frame)
        except asyncio.QueueFull:
            self.dismiss(reload_frame("This page fell behind."))
            return False
        return True

    def dismiss(self, last: Frame) -> None:
        """Forget what is queued: this is the last frame."""
        while not self.frames.empty():
            self.frames.get_nowait()
        self.frames.put_nowait(last)


Group = tuple[int, int]
"""A search and the sequence that its watchers have seen."""


@dataclass(frozen=True)
class News:
    """What a group has not seen yet: the frame to send, the last sequence in it, is there more."""

    frame: str
    sequence: int
    more: bool = False


class Hub:
    """Tails events for the watchers of one event loop; it runs while there are any."""

    def __init__(self) -> None:
        self._watchers: set[Watcher] = set()
        self._task: asyncio.Task[None] | None = None
        self._bell = asyncio.Event()
        self._rights_at = self._heartbeat_at = 0.0

    def add(self, watcher: Watcher) -> None:
        """Begin to give a watcher all that follows what it has seen."""
        self._watchers.add(watcher)
        self._bell.set()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    def remove(self, watcher: Watcher) -> None:
        """The socket is gone."""
        self._watchers.discard(watcher)

    async def _run(self) -> None:
        listening = asyncio.create_task(self._listen()) if settings.REDIS_URL else None
        try:
            while self._watchers:
                await self._tick()
                await self._wait(POLL_WITH_DOORBELL_SECONDS if listening else POLL_SECONDS)
        finally:
            if listening:
                listening.cancel()

    async def _tick(self) -> None:
        try:
            await self._check_rights()
            await self._tell_news()
        except DatabaseFault as error:
            # A database that is restarted comes back; nothing is lost meanwhile.
            logger.warning("the hub could not read: %s", error)
        self._beat()

    async def _wait(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._bell.wait(), min(seconds, RIGHTS_SECONDS))
            await asyncio.sleep(BATCH_SECONDS)
        self._bell.clear()

    async def _tell_news(self) -> None:
        groups: dict[Group, list[Watcher]] = defaultdict(list)
        for watcher in self._watchers:
            groups[watcher.search_id, watcher.seen].append(watcher)
        for group, news in (await database_sync_to_async(_read_news)(list(groups))).items():
            for watcher in groups[group]:
                self._tell(watcher, news)

    def _tell(self, watcher: Watcher, news: News | None) -> None:
        if news is None:
            watcher.dismiss(reload_frame("Too much has happened since."))
            self.remove(watcher)
        elif watcher.give(news.frame):
            watcher.seen = news.sequence
            if news.more:
                self._bell.set()
        else:
            self.remove(watcher)

    async def _check_rights(self) -> None:
        now = time.monotonic()
        if now - self._rights_at < RIGHTS_SECONDS:
            return
        self._rights_at = now
        asked = {(w.search_id, w.user_id, w.session_key) for w in self._watchers}
        refused = await database_sync_to_async(rights.refused)(asked)
        for watcher in list(self._watchers):
            key = (watcher.search_id, watcher.user_id, watcher.session_key)
            if key in refused:
                watcher.dismiss(refused[key])
                self.remove(watcher)

    def _beat(self) -> None:
        now = time.monotonic()
        if now - self._heartbeat_at < HEARTBEAT_SECONDS:
            return
        self._heartbeat_at = now
        for watcher in list(self._watchers):
            if not watcher.give(json.dumps({"type": "heartbeat", "sequence": watcher.seen})):
                self.remove(watcher)

    async def _listen(self) -> None:
        """Hear the doorbell, which says no more than that there are new rows."""
        layer = get_channel_layer()
        assert layer is not None
        while True:
            try:
                channel = await layer.new_channel()
                await layer.group_add(DOORBELL, channel)
                self._bell.set()  # what rang before we listened
                while True:
                    await layer.receive(channel)
                    self._bell.set()
            except (OSError, RedisError) as error:
                logger.warning("the doorbell cannot be heard: %s", error)
                await asyncio.sleep(POLL_WITH_DOORBELL_SECONDS)


_hubs: "WeakKeyDictionary[asyncio.AbstractEventLoop, Hub]" = WeakKeyDictionary()


def hub() -> Hub:
    """The hub of this process (of its event loop: a process of the server has one)."""
    return _hubs.setdefault(asyncio.get_running_loop(), Hub())


def reload_frame(reason: str) -> str:
    return json.dumps({"type": "reload", "reason": reason})


def _read_news(groups: list[Group]) -> dict[Group, News | None]:
    """What each group has not seen; None where that is too much to send."""
    searches = Search.objects.filter(pk__in={search_id for search_id, _ in groups})
    rows = {
        pk: (last, state)
        for pk, last, state in searches.values_list("pk", "last_sequence", "state")
    }
    news: dict[Group, News | None] = {}
    for search_id, seen in groups:
        last, state = rows.get(search_id, (seen, ""))
        if last - seen > TOO_FAR_BEHIND or last < seen:
            news[search_id, seen] = None
        elif last > seen:
            news[search_id, seen] = _news(search_id, seen, state)
    return {group: found for group, found in news.items() if found is None or found.frame}


def _without_overtaken(events: list[EventJSON]) -> list[EventJSON]:
    """Of each trial's progress only the latest, which has all that came before in it."""
    latest = {
        event["payload"]["number"]: event["sequence"]
        for event in events
        if event["kind"] == Kind.TRIAL_PROGRESS
    }
    return [
        event
        for event in events
        if event["kind"] != Kind.TRIAL_PROGRESS
        or latest[event["payload"]["number"]] == event["sequence"]
    ]


def _news(search_id: int, seen: int, state: str) -> News:
    later = SearchEvent.objects.filter(search_id=search_id, sequence__gt=seen)
    events = [event_json(event) for event in later.order_by("sequence")[:FRAME_EVENTS]]
    if not events:
        return News("", seen)
    kept = _without_overtaken(events)
    frame = {"type": "events", "after": seen, "events": kept, "search_state": state}
    return News(json.dumps(frame), events[-1]["sequence"], len(events) == FRAME_EVENTS)
