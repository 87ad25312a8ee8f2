"""The app's place in Django."""

from django.apps import AppConfig


class DatasetsConfig(AppConfig):
    """Data sets, published and uploaded."""

    name = "webapp.datasets"
    label = "datasets"
    verbose_name = "Data sets"
