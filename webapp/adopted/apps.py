"""The app's place in Django."""

from django.apps import AppConfig


class AdoptedConfig(AppConfig):
    """Networks of users' own."""

    name = "webapp.adopted"
    verbose_name = "Adopted networks"

    def ready(self) -> None:
        """What workers do with them is known to all, and they can be watched."""
        from webapp.adopted import kinds
        from webapp.adopted.models import AdoptedNetwork
        from webapp.storage import folders

        kinds.register()
        folders.go_with(AdoptedNetwork, lambda row: row.folder)
