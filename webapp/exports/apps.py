"""The app's place in Django."""

from django.apps import AppConfig


class ExportsConfig(AppConfig):
    """Files for use elsewhere."""

    name = "webapp.exports"
    label = "exports"
    verbose_name = "Exports"
