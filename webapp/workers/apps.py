"""The app's place in Django."""

from django.apps import AppConfig


class WorkersConfig(AppConfig):
    """Who works, on what device, and at what."""

    name = "webapp.workers"

    def ready(self) -> None:
        """The list of workers can be watched, and plans know who trains."""
        from webapp.live import registry
        from webapp.work import fleet
        from webapp.workers import selectors

        registry.register_list(selectors.WORKERS)
        fleet.register(selectors.fleet)
