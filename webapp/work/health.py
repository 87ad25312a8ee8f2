"""`/healthz` and `/readyz` of a worker, for process managers: on a port of its own, if it has one.

Asked often, and by programs that cannot load Django for each question: so it is a thread of the
worker's first process, and no command.
"""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from django.conf import settings

from webapp.work import signs

QUESTIONS: Final[dict[str, Callable[[], bool]]] = {
    "/healthz": signs.is_alive,
    "/readyz": signs.is_ready,
}


class _Handler(BaseHTTPRequestHandler):
    timeout = 5.0

    def do_GET(self) -> None:
        question = QUESTIONS.get(self.path)
        if question is None:
            self._say(404, "There are /healthz and /readyz.")
        elif question():
            self._say(200, "ok")
        else:
            self._say(503, "silent")

    def _say(self, status: int, text: str) -> None:
        body = json.dumps({"worker": text}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing: it is asked every few seconds."""


def serve(port: int | None = None) -> ThreadingHTTPServer | None:
    """Answer from now on, where the settings have a port for it."""
    chosen = settings.HEALTH_PORT if port is None else port
    if chosen is None:
        return None
    server = ThreadingHTTPServer(("", chosen), _Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
    return server
