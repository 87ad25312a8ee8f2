"""The app's place in Django."""

from django.apps import AppConfig


class CountsConfig(AppConfig):
    """What processes have counted."""

    name = "webapp.counts"
