from django.contrib import admin
from django.http import HttpRequest

from webapp.searches.models import Search, Share


@admin.register(Search)
class SearchAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # it takes no argument when it runs
    """To look at only: states change in `lifecycle`, with their events."""

    list_display = ("id", "name", "owner", "state", "created_at")
    list_filter = ("state",)
    search_fields = ("name", "owner__username")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Search | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Search | None = None) -> bool:
        return False


@admin.register(Share)
class ShareAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # as above
    """Who may look at whose search."""

    list_display = ("search", "user", "created_at")
    raw_id_fields = ("search", "user")
