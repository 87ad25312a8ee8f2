"""Final trainings in Django's administration."""

from django.contrib import admin
from django.http import HttpRequest

from webapp.final_trainings.models import FinalTraining


@admin.register(FinalTraining)
class FinalTrainingAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # it takes no argument when it runs
    """To look at only: states change in `lifecycle`, with their events."""

    list_display = ("id", "name", "search", "state", "created_at")
    list_filter = ("state",)
    search_fields = ("name", "search__name")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: FinalTraining | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: FinalTraining | None = None) -> bool:
        return False
