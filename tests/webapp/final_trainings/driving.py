"""Driving final trainings in this process, and what happened to them."""

from webapp.final_trainings import trainer
from webapp.final_trainings.models import FinalTraining
from webapp.searches.models import SearchEvent


def kinds(training: FinalTraining) -> list[str]:
    """What happened to one, without its progress; the prefix is left out."""
    events = SearchEvent.objects.filter(
        search=training.search_id, kind__startswith="final_training.", payload__id=training.pk
    ).order_by("sequence")
    names = [event.kind.removeprefix("final_training.") for event in events]
    return [name for name in names if name != "progress"]


def train(training: FinalTraining) -> FinalTraining:
    """Let a worker do it, and look what has become of it."""
    trainer.train(training.pk, "worker")
    training.refresh_from_db()
    return training
