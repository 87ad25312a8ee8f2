"""The app's place in Django."""

from django.apps import AppConfig


class WorkersConfig(AppConfig):
    """Who works, on what device, and at what."""

    name = "webapp.workers"

    def ready(self) -> None:
        """The list of workers can be watched."""
        from webapp.live import registry
        from webapp.workers.selectors import WORKERS

        registry.register_list(WORKERS)
