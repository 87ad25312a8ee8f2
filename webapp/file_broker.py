"""kombu's broker of files, with messages that appear whole.

kombu writes a message under the name that readers look for, and locks it only after opening: one
who comes between reads half a message, breaks over it, and the message is gone. Here a message gets
its name when it is complete.
"""

import time
import uuid
from json import dumps
from pathlib import Path
from typing import Any

from kombu.exceptions import ChannelError
from kombu.transport import filesystem


class Channel(filesystem.Channel):
    """A channel whose messages appear whole."""

    def _put(self, queue: str, message: Any, **_: Any) -> None:  # type: ignore[override]
        name = f"{round(1000 * time.monotonic())}_{uuid.uuid4()}.{queue}"
        new, target = (Path(self.data_folder_out) / f"{name}.{end}" for end in ("new", "msg"))
        try:
            new.write_text(dumps(message), encoding="utf-8")
            new.replace(target)
        except OSError as error:
            raise ChannelError(f"Cannot add {target}") from error


class Transport(filesystem.Transport):
    """The transport of these channels."""

    Channel = Channel
