"""The app's place in Django."""

from django.apps import AppConfig


class FinalTrainingsConfig(AppConfig):
    """Long trainings of what a search has found."""

    name = "webapp.final_trainings"
    label = "final_trainings"
    verbose_name = "Final trainings"

    def ready(self) -> None:
        """What a deleted row leaves on the disk goes with it."""
        from webapp.final_trainings import leftovers

        leftovers.watch()
