"""One open socket, as the hub sees it."""

import asyncio
import json
from dataclasses import dataclass, field

from webapp.live.permissions import Key
from webapp.live.registry import ListKind
from webapp.live.topics import Topic

QUEUE_FRAMES = 32

Frame = str | int
"""Text to send, or the code to close with."""


@dataclass(eq=False)
class Watcher:
    """One socket.

    Args:
        session_key: under which they are signed in.
        seen: of a topic, the sequence of the last event that it was given; of a list, when the
            page read it, in milliseconds since 1970.
        owns: whether they may change what they watch.
        is_new: whether it has not been told yet what has changed since `seen`.
    """

    subject: Topic | ListKind
    user_id: int
    session_key: str
    seen: int
    owns: bool = False
    is_new: bool = True
    frames: "asyncio.Queue[Frame]" = field(default_factory=lambda: asyncio.Queue(QUEUE_FRAMES))

    @property
    def key(self) -> Key:
        """What `permissions` judges."""
        topic = self.subject if isinstance(self.subject, Topic) else None
        return Key(topic, self.user_id, self.session_key)

    @property
    def heartbeat(self) -> str:
        return json.dumps({"type": "heartbeat", "sequence": self.seen})

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


def reload_frame(reason: str) -> str:
    return json.dumps({"type": "reload", "reason": reason})
