"""Driving a search in this process: whatever rows say is due is done, as workers would."""

from django.test import Client

from webapp.accounts.models import User
from webapp.searches import coordinator, evaluator, start_trainer
from webapp.searches.models import Search, SearchEvent, Trial
from webapp.state import State


def work(search: Search, *, trials: int = 1_000) -> None:
    """Do what is due, one thing after the other, until nothing is or so many trials were tried."""
    start_trainer.train(search.pk, "worker")
    coordinator.advance(search.pk)
    for _ in range(trials):
        trial = queued(search)
        if trial is None:
            break
        before = trial.attempt
        evaluator.evaluate_trial(trial.pk, "worker")
        if Trial.objects.get(pk=trial.pk).attempt == before:
            break  # nobody may claim it: the search is paused
    search.refresh_from_db()


def queued(search: Search) -> Trial | None:
    return search.trials.filter(state=State.QUEUED).order_by("number").first()


def kinds(search: Search) -> list[str]:
    """Kinds of all events, progress left out."""
    events = SearchEvent.objects.filter(search=search).order_by("sequence")
    return [event.kind for event in events if not event.kind.endswith(".progress")]


def browser(user: User | None) -> Client:
    """One in which the user has signed in, or nobody."""
    client = Client()
    if user is not None:
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client
