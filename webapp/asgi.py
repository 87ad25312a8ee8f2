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

from webapp.datasets.body_limit import BodyLimit  # noqa: E402
from webapp.searches.routing import websocket_urlpatterns  # noqa: E402
from webapp.security import SameOriginSockets  # noqa: E402

denied: Any = WebsocketDenier.as_asgi()  # the stubs know views only


routes: list[Any] = [*websocket_urlpatterns, re_path(r"", denied)]
with_user: Any = AuthMiddlewareStack(URLRouter(routes))
application = ProtocolTypeRouter(
    {
        "http": BodyLimit(pages),
        "websocket": SameOriginSockets(with_user),
    }
)
