"""The app's place in Django."""

from django.apps import AppConfig


class WorkersConfig(AppConfig):
    """Who works, on what device, and at what."""

    name = "webapp.workers"
    label = "workers"
    verbose_name = "Workers"
