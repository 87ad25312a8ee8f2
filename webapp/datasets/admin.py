"""The admin's view of data sets: to look at, since only `lifecycle` changes them."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest

from webapp.datasets.models import Dataset

if TYPE_CHECKING:
    Base = admin.ModelAdmin[Dataset]
else:  # Django's class takes its type for type checkers only
    Base = admin.ModelAdmin


@admin.register(Dataset)
class DatasetAdmin(Base):
    """Read only."""

    list_display = ("name", "owner", "state", "image_count", "classes", "size_bytes", "created_at")
    list_filter = ("state", "on_disk")
    search_fields = ("name", "engine_name", "owner__username")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
