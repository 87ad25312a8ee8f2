"""With Redis a doorbell wakes the hub, so that nobody waits for the next poll."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from asgiref.sync import sync_to_async
from channels.layers import channel_layers
from channels_redis.pubsub import RedisPubSubChannelLayer

from tests.webapp.live.sockets import opened
from tests.webapp.live.test_sockets import address, say
from webapp.accounts.models import User
from webapp.live import hub, log
from webapp.searches.models import Search

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    """A Redis of this test's own."""
    program = shutil.which("redis-server")
    assert program, "Redis is missing; on Debian: apt-get install redis-server"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [program, "--port", str(port), "--save", "", "--dir", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    client = redis.Redis(
        port=port, retry=redis.retry.Retry(redis.backoff.ConstantBackoff(0.05), 100)
    )
    client.ping()
    yield f"redis://127.0.0.1:{port}/0"
    client.close()
    process.terminate()
    process.wait(10)


@pytest.fixture
def doorbell(redis_url: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A hub that would poll once a minute."""
    settings.REDIS_URL = redis_url
    channel_layers.set("default", RedisPubSubChannelLayer(hosts=[redis_url]))
    monkeypatch.setattr(hub, "POLL_WITH_DOORBELL_SECONDS", 60.0)
    monkeypatch.setattr(hub, "RIGHTS_SECONDS", 60.0)
    yield
    channel_layers.backends.pop("default")  # made anew from the settings


async def test_the_doorbell_wakes_the_hub(search: Search, alice: User, doorbell: None) -> None:
    socket_of_alice = await opened(alice, address(search.pk))
    await socket_of_alice.frame()  # what has happened so far: the hub is awake, and rests again
    for number in range(2, 5):
        await sync_to_async(say)(search, 1)
        frame = await socket_of_alice.frame()
        assert [event["sequence"] for event in frame["events"]] == [number]
    await socket_of_alice.disconnect()


def test_an_event_is_written_although_the_doorbell_is_broken(
    search: Search, doorbell: None, caplog: pytest.LogCaptureFixture
) -> None:
    channel_layers.set("default", RedisPubSubChannelLayer(hosts=["redis://127.0.0.1:1/0"]))
    say(search, 1)
    search.refresh_from_db()
    assert log.last_sequence(search.topic) == 2
    assert "doorbell did not ring" in caplog.text
