"""Takes events from rows to sockets: one hub per web process tells everybody who watches.

Watchers are grouped by what they have seen and may do, so the number of queries does not depend on
how many they are, and a frame is made once for all of a group. One frame per tick and socket.
"""

import asyncio
import contextlib
import json
import logging
import time
from collections import defaultdict
from collections.abc import Hashable
from weakref import WeakKeyDictionary

from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import Error as DatabaseFault
from redis.exceptions import RedisError

from webapp.counts import counting
from webapp.counts.instruments import FRAMES
from webapp.live import frames, lists, permissions
from webapp.live.frames import Group, News
from webapp.live.lists import Changes, Reader
from webapp.live.log import DOORBELL
from webapp.live.registry import ListKind
from webapp.live.topics import Topic
from webapp.live.watchers import Watcher, reload_frame

POLL_SECONDS = 0.2
POLL_WITH_DOORBELL_SECONDS = 2.0
BATCH_SECONDS = 0.02
HEARTBEAT_SECONDS = 1.5
RIGHTS_SECONDS = 1.0

logger = logging.getLogger(__name__)


class Hub:
    """Tails logs for the watchers of one event loop; it runs while there are any."""

    def __init__(self) -> None:
        self._watchers: set[Watcher] = set()
        self._task: asyncio.Task[None] | None = None
        self._bell = asyncio.Event()
        self._rights_at = self._heartbeat_at = 0.0
        self._tail = lists.Tail()
        self._states: dict[str, Hashable] = {}

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
        self._tail, self._states = lists.Tail(), {}
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
            if self._is_due():
                await self._check_rights()
                await self._compare_states()
            await self._tell_news()
            await self._tell_lists()
        except DatabaseFault as error:
            # A database that is restarted comes back; nothing is lost meanwhile.
            logger.warning("the hub could not read: %s", error)
        self._beat()

    async def _wait(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._bell.wait(), min(seconds, RIGHTS_SECONDS))
            await asyncio.sleep(BATCH_SECONDS)
        self._bell.clear()

    # --- topics ----------------------------------------------------------------------------------

    async def _tell_news(self) -> None:
        groups: dict[Group, list[Watcher]] = defaultdict(list)
        for watcher in self._watchers:
            if isinstance(watcher.subject, Topic):
                groups[Group(watcher.subject, watcher.seen, watcher.owns)].append(watcher)
        if not groups:
            return
        for group, news in (await database_sync_to_async(frames.read)(list(groups))).items():
            for watcher in groups[group]:
                self._tell(watcher, news)

    def _tell(self, watcher: Watcher, news: News | None) -> None:
        if news is None:
            watcher.dismiss(reload_frame("Too much has happened since."))
            self.remove(watcher)
        elif watcher.give(news.frame):
            watcher.seen = news.sequence
            if not watcher.is_new:  # what it is told first may have happened long ago
                counting.add(FRAMES, news.topic.kind, amount=max(0.0, time.time() - news.since))
            watcher.is_new = False
            if news.more:
                self._bell.set()
        else:
            self.remove(watcher)

    # --- lists -----------------------------------------------------------------------------------

    async def _tell_lists(self) -> None:
        readers: dict[Reader, list[Watcher]] = defaultdict(list)
        for watcher in self._watchers:
            if isinstance(watcher.subject, ListKind) and watcher.subject.state is None:
                since = watcher.seen if watcher.is_new else None
                readers[Reader(watcher.subject, watcher.user_id, since)].append(watcher)
        if not readers:
            return
        found = await database_sync_to_async(self._tail.read)(list(readers))
        for reader, changes in found.items():
            self._tell_changes(readers[reader], changes)
        for watcher in (one for some in readers.values() for one in some):
            watcher.is_new, watcher.seen = False, lists.milliseconds(self._tail.at)

    async def _compare_states(self) -> None:
        """Tell of lists that have no log, where their state is another than a second ago.

        How a list was when a new watcher's page was made is not known: that page reads it again.
        """
        watched: dict[ListKind, list[Watcher]] = defaultdict(list)
        for watcher in self._watchers:
            if isinstance(watcher.subject, ListKind) and watcher.subject.state is not None:
                watched[watcher.subject].append(watcher)
        for kind, watchers in watched.items():
            assert kind.state is not None
            state = await database_sync_to_async(kind.state)()
            is_other = state != self._states.get(kind.path)
            told = [watcher for watcher in watchers if is_other or watcher.is_new]
            self._tell_changes(told, Changes(all=True))
            self._states[kind.path] = state
            for watcher in told:
                watcher.is_new = False

    def _tell_changes(self, watchers: list[Watcher], changes: Changes) -> None:
        frame = json.dumps({"type": "changed", "ids": sorted(changes.ids), "all": changes.all})
        for watcher in watchers:
            if not watcher.give(frame):
                self.remove(watcher)

    # --- every second ----------------------------------------------------------------------------

    def _is_due(self) -> bool:
        now = time.monotonic()
        if now - self._rights_at < RIGHTS_SECONDS:
            return False
        self._rights_at = now
        return True

    async def _check_rights(self) -> None:
        asked = {watcher.key for watcher in self._watchers}
        verdicts = await database_sync_to_async(permissions.judge)(asked)
        for watcher in list(self._watchers):
            verdict = verdicts.get(watcher.key)
            if verdict is None:
                continue  # it has come meanwhile, and was judged then
            watcher.owns = verdict.owns
            if verdict.code:
                watcher.dismiss(verdict.code)
                self.remove(watcher)

    def _beat(self) -> None:
        now = time.monotonic()
        if now - self._heartbeat_at < HEARTBEAT_SECONDS:
            return
        self._heartbeat_at = now
        for watcher in list(self._watchers):
            if not watcher.give(watcher.heartbeat):
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
