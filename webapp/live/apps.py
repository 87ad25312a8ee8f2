"""The app's place in Django."""

from typing import Any

from django.apps import AppConfig


class LiveConfig(AppConfig):
    """Logs of events, and sockets."""

    name = "webapp.live"

    def ready(self) -> None:
        """When a user is deleted, so is their own log."""
        from django.contrib.auth import get_user_model
        from django.db.models.signals import post_delete

        post_delete.connect(_forget, get_user_model(), dispatch_uid="log_of_user")


def _forget(instance: Any, **_: Any) -> None:
    from webapp.live import log
    from webapp.live.topics import USER, Topic

    log.delete(Topic(USER, instance.pk))
