"""The app's place in Django."""

from django.apps import AppConfig


class SearchesConfig(AppConfig):
    """Searches and their trials."""

    name = "webapp.searches"

    def ready(self) -> None:
        """Searches can be watched, and what their workers do is known to all."""
        from webapp.checkpoints import files
        from webapp.searches import tasks, topics
        from webapp.searches.lifecycle import COMPARISON, TRIAL, start_network
        from webapp.searches.models import Search
        from webapp.storage import folders
        from webapp.work import kinds

        topics.register()
        tasks.register()
        start_network.watch()
        kinds.register(TRIAL)
        kinds.register(COMPARISON)
        folders.go_with(Search, lambda row: files.search_folder(row.pk))
