"""The app's place in Django."""

from django.apps import AppConfig


class TrainingsConfig(AppConfig):
    """Trainings to the end: of what searches start from, and of what they have found."""

    name = "webapp.trainings"

    def ready(self) -> None:
        """Workers do them, lists hear of them, and what a deleted one leaves goes with it."""
        from webapp.accounts import quota
        from webapp.accounts.quota import Part
        from webapp.trainings import folders, topics
        from webapp.trainings.kinds import TRAINING
        from webapp.work import kinds

        kinds.register(TRAINING)
        quota.register(Part("Trainings under way", "final_trainings", folders.used_bytes))
        topics.register()
        folders.watch()
