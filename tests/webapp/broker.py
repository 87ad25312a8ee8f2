"""Where the messages of a test go."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from webapp.celery import app


@contextmanager
def broker_in(folder: Path) -> Iterator[Path]:
    """Have the embedded broker keep its messages below a folder, as ESPALIER_VAR tells workers.

    Yields the folder of the messages. With Redis there is none, and nothing changes.
    """
    if not settings.EMBEDDED:
        yield folder
        return
    before = app.conf.broker_transport_options
    messages, control = folder / "messages", folder / "control"
    for path in (messages, control):
        path.mkdir(parents=True, exist_ok=True)
    app.conf.broker_transport_options = {
        "data_folder_in": str(messages),
        "data_folder_out": str(messages),
        "control_folder": str(control),
    }
    _forget_connections()
    try:
        yield messages
    finally:
        app.conf.broker_transport_options = before
        _forget_connections()


def _forget_connections() -> None:
    """One that is open goes on using the folder with which it was made, in every later test."""
    app._after_fork()  # type: ignore[attr-defined]  # as in a child, which must open its own
