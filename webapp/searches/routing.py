from django.urls import URLPattern, re_path

from webapp.searches.consumers import SearchConsumer

websocket_urlpatterns: list[URLPattern] = [
    re_path(r"^ws/searches/(?P<search_id>[0-9]{1,15})/$", SearchConsumer.as_asgi()),  # type: ignore[arg-type]  # Channels calls it
]
