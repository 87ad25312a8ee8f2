"""Driving a search in this process: whatever rows say is due is done, as workers would."""

from webapp.live import log
from webapp.searches import coordinator
from webapp.searches.models import Search, SearchComparison, Trial
from webapp.state import State
from webapp.work import runner


def work(search: Search, *, trials: int = 1_000) -> None:
    """Do what is due, one thing after the other, until nothing is or so many trials were tried."""
    runner.run("training", search.start.pk, "worker")
    coordinator.advance(search.pk)
    for _ in range(trials):
        trial = queued(search)
        if trial is None:
            break
        before = trial.attempt
        runner.run("trial", trial.pk, "worker")
        if Trial.objects.get(pk=trial.pk).attempt == before:
            break  # nobody may claim it: the search is paused
    compare(search)


def compare(search: Search) -> None:
    """Let what was found meet the test images, if that is due."""
    for comparison in SearchComparison.objects.filter(search=search, state=State.QUEUED):
        runner.run("comparison", comparison.pk, "worker")
    search.refresh_from_db()


def queued(search: Search) -> Trial | None:
    return search.trials.filter(state=State.QUEUED).order_by("number").first()


def kinds(search: Search) -> list[str]:
    """Kinds of all events, progress left out."""
    events = log.events(search.topic)
    return [event.kind for event in events if not event.kind.endswith(".progress")]
