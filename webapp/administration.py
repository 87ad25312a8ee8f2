"""Rows in Django's administration: to look at, since only services change them, with events."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from webapp.datasets.models import Dataset
from webapp.searches.models import Search, Share
from webapp.trainings.models import Training

site = admin.site


class ReadOnly(admin.ModelAdmin[Model]):
    """A list and a form in which nothing can be typed."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Dataset)
class DatasetAdmin(ReadOnly):
    list_display = ("name", "owner", "state", "image_count", "classes", "size_bytes", "created_at")
    list_filter = ("state", "on_disk")
    search_fields = ("name", "engine_name", "owner__username")


@admin.register(Search)
class SearchAdmin(ReadOnly):
    list_display = ("id", "name", "owner", "state", "created_at")
    list_filter = ("state",)
    search_fields = ("name", "owner__username")


@admin.register(Training)
class TrainingAdmin(ReadOnly):
    list_display = ("id", "name", "purpose", "search", "state", "created_at")
    list_filter = ("purpose", "state")
    search_fields = ("name", "search__name")


@admin.register(Share)
class ShareAdmin(admin.ModelAdmin[Share]):
    """Who may look at whose search."""

    list_display = ("search", "user", "created_at")
    raw_id_fields = ("search", "user")
