"""Driving final trainings in this process, and what happened to them."""

from webapp.live import log
from webapp.trainings.models import Training
from webapp.work import runner


def kinds(training: Training) -> list[str]:
    """What happened to one, without its progress; the prefix is left out."""
    events = log.events(training.search.topic).filter(
        kind__startswith="final_training.", payload__id=training.pk
    )
    names = [event.kind.removeprefix("final_training.") for event in events]
    return [name for name in names if name != "progress"]


def train(training: Training) -> Training:
    """Let a worker do it, and look what has become of it."""
    runner.run("training", training.pk, "worker")
    training.refresh_from_db()
    return training
