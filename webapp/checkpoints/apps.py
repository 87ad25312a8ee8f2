"""The app's place in Django."""

from django.apps import AppConfig


class CheckpointsConfig(AppConfig):
    """Networks that are kept."""

    name = "webapp.checkpoints"

    def ready(self) -> None:
        """What workers do with them is known to all, and who watches one hears of it."""
        from webapp.accounts import quota
        from webapp.accounts.quota import Part
        from webapp.checkpoints import selectors, topics
        from webapp.checkpoints.kinds import EXPORT, MEASUREMENT
        from webapp.checkpoints.models import Checkpoint, Export
        from webapp.storage import folders
        from webapp.work import kinds

        largest = "?order=-bytes"
        quota.register(Part("Checkpoints", "checkpoints", selectors.checkpoint_bytes, largest))
        quota.register(Part("Exports", "checkpoints", selectors.export_bytes, largest))
        kinds.register(EXPORT)
        kinds.register(MEASUREMENT)
        topics.register()
        for rows in (Checkpoint, Export):
            folders.go_with(rows, lambda row: row.folder)
