"""The app's place in Django."""

from django.apps import AppConfig


class DatasetsConfig(AppConfig):
    """Data sets, published and uploaded."""

    name = "webapp.datasets"
    verbose_name = "Data sets"

    def ready(self) -> None:
        """What workers do with them is known to all, and they can be watched."""
        from webapp.datasets import kinds

        kinds.register()
