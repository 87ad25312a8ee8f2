"""The ASGI application: `uvicorn --lifespan off webapp.asgi:application`."""

import os
from typing import Any

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import WebsocketDenier
from django.core.asgi import get_asgi_application
from django.urls import re_path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
pages: Any = get_asgi_application()  # before any import that needs the models

from webapp.bodies import BodyGuard  # noqa: E402
from webapp.live.permissions import SameOriginSockets  # noqa: E402
from webapp.live.urls import sockets  # noqa: E402
from webapp.observing import Observed  # noqa: E402
from webapp.proxies import TrustedProxies  # noqa: E402

denied: Any = WebsocketDenier.as_asgi()  # the stubs know views only


routes: list[Any] = [*sockets, re_path(r"", denied)]
with_user: Any = AuthMiddlewareStack(URLRouter(routes))
by_protocol = ProtocolTypeRouter(
    {
        "http": BodyGuard(pages),
        "websocket": SameOriginSockets(with_user),
    }
)
application = Observed(TrustedProxies(by_protocol))
