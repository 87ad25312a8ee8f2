"""The app's place in Django."""

from django.apps import AppConfig


class CheckpointsConfig(AppConfig):
    """Networks that are kept."""

    name = "webapp.checkpoints"
    label = "checkpoints"
    verbose_name = "Checkpoints"
