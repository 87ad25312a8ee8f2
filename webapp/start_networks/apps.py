"""The app's place in Django."""

from django.apps import AppConfig


class StartNetworksConfig(AppConfig):
    """Networks of users' own."""

    name = "webapp.start_networks"
    label = "start_networks"
    verbose_name = "Start networks"
