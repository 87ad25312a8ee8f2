"""Rows of a long search, as its workers would have left them; runs where Django is set up.

Cells, notations and transformations come from the engine's own sampler, accuracies from a curve
that rises with noise. Everything is written at once: what is measured is reading it.
"""

import json
import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.utils import timezone

from search_engine.spec import cell_to_json, format_cell, sample, transformations_to_json
from search_engine.spec.presets import digits_demo
from search_engine.spec.recipe import Recipe
from search_engine.spec.search_config import Budget
from webapp.accounts.models import Installation
from webapp.checkpoints.models import Checkpoint, Origin
from webapp.datasets.models import Dataset
from webapp.live import log
from webapp.searches.events import Kind, TrialProgress
from webapp.searches.lifecycle import TRIAL
from webapp.searches.lifecycle.start_network import start_training_created
from webapp.searches.models import Search, Trial
from webapp.state import State
from webapp.trainings.models import Training
from webapp.work.models import LEASE

USERNAME, PASSWORD = "ada", "a long walk among pear trees"
EPOCHS = 20
BATCH = 1_000
RUNNING = 2
FAILED_SHARE = 0.01
KEPT = 20


def fill(trials: int) -> int:
    """A running search with so many completed trials of 20 epochs, and two that run; its number."""
    _sign_up()
    config = replace(
        digits_demo(),
        recipe=Recipe(epochs=EPOCHS, learning_rate=0.1),
        budget=Budget(max_trials=2 * trials),
    )
    hour = timedelta(hours=1)
    search = Search.objects.create(
        owner=get_user_model().objects.get(username=USERNAME),
        dataset=Dataset.objects.get(engine_name="digits"),
        name=f"{trials:,} trials",
        config=config.to_json(),
        max_trials=config.budget.max_trials,
        state=State.RUNNING,
        started_at=timezone.now() - hour,
        running_since=timezone.now() - hour,
        classes=10,
        validation_images=300,
    )
    start = start_training_created(search, config)
    Training.objects.filter(pk=start.pk).update(state=State.COMPLETED, accuracy=0.9133)
    rng, space = random.Random(trials), config.space
    rows = [_trial(search, number, space, rng) for number in range(1, trials + RUNNING + 1)]
    Trial.objects.bulk_create(rows, BATCH)
    _write_events(search, rows)
    _count(search, rows)
    _keep_best(search)
    return search.pk


def _sign_up() -> None:
    users = get_user_model().objects
    if not users.filter(username=USERNAME).exists():
        users.create_superuser(USERNAME, "ada@example.org", PASSWORD)
        Installation.objects.create()


def _trial(search: Search, number: int, space: Any, rng: random.Random) -> Trial:
    growth = sample(space, rng)
    trial = Trial(
        search=search,
        number=number,
        seed=number,
        proposal={"transformations": transformations_to_json(growth.transformations)},
        notation=format_cell(growth.cell),
        cell=cell_to_json(growth.cell),
        worker=f"worker@host{number % 4}",
        attempt=1,
        started_at=timezone.now(),
    )
    if number > search.max_trials // 2:
        trial.state, trial.lease_until = State.RUNNING, timezone.now() + 1000 * LEASE
        trial.progress = dict(_progress(number, 1, rng))
    elif rng.random() < FAILED_SHARE:
        trial.state, trial.told = State.FAILED, number
        trial.failure = "The loss is not a number from epoch 3 on."
    else:
        _complete(trial, rng)
    return trial


def _complete(trial: Trial, rng: random.Random) -> None:
    learned = trial.number / (trial.number + 200)
    best = min(0.999, 0.9 + 0.06 * learned + rng.gauss(0, 0.012))
    curve = [round(best - 0.3 / (epoch + 1) + rng.gauss(0, 0.004), 4) for epoch in range(EPOCHS)]
    trial.result, trial.accuracy = {"curve": curve}, curve[-1]
    trial.reward = round(1.5 * trial.accuracy, 6)
    trial.parameters = rng.randrange(8_000, 60_000)
    trial.multiply_adds = 160 * trial.parameters
    trial.seconds = round(rng.uniform(2, 9), 2)
    trial.diagnostics = {
        "baseline": round(0.9 * trial.reward, 6),
        "entropy": round(2 - learned, 6),
        "advantage": round(0.1 * trial.reward, 6),
    }
    trial.state, trial.told, trial.ended_at = State.COMPLETED, trial.number, timezone.now()


def _progress(number: int, epoch: int, rng: random.Random) -> TrialProgress:
    return {
        "number": number,
        "epoch": epoch,
        "epochs": EPOCHS,
        "step": 3,
        "steps": 22,
        "loss": round(rng.uniform(0.1, 0.5), 4),
        "curve": [round(rng.uniform(0.8, 0.95), 4) for _ in range(epoch)],
        "images_per_second": 1834.2,
        "eta_seconds": 12.4,
    }


def _write_events(search: Search, rows: list[Trial]) -> None:
    facts: list[tuple[str, dict[str, Any]]] = []

    def add(kind: str, **payload: Any) -> None:
        facts.append((kind, payload))

    add(Kind.SEARCH_CREATED)
    add(Kind.SEARCH_STARTED)
    for trial in rows:
        grown = {"cell": trial.cell, "transformations": trial.transformations}
        add("trial.created", number=trial.number, notation=trial.notation, **grown)
        add("trial.started", number=trial.number, worker=trial.worker, attempt=1)
        if trial.state == State.COMPLETED:
            add(Kind.TRIAL_COMPLETED, **_completed(trial))
        elif trial.state == State.FAILED:
            add(Kind.TRIAL_FAILED, number=trial.number, failure=trial.failure)
    log.extend(search.topic, facts)


def _completed(trial: Trial) -> dict[str, Any]:
    names = ("number", "accuracy", "reward", "parameters", "multiply_adds", "seconds", "curve")
    values = {name: getattr(trial, name) for name in names}
    return {**values, "diagnostics": trial.diagnostics, "best": False}


def _count(search: Search, rows: list[Trial]) -> None:
    completed = [trial for trial in rows if trial.state == State.COMPLETED]
    search.trials_completed = len(completed)
    search.trials_failed = sum(trial.state == State.FAILED for trial in rows)
    best = max(completed, key=lambda trial: trial.reward or 0.0)
    search.best_trial, search.best_accuracy = best.number, best.accuracy
    search.best_reward, search.best_notation = best.reward, best.notation
    search.best_history = _history(completed)
    search.recent_seconds = [trial.seconds for trial in completed[-20:]]
    search.save()


def _history(completed: list[Trial]) -> list[list[float]]:
    history: list[list[float]] = []
    for trial in completed:
        if not history or (trial.accuracy or 0.0) > history[-1][1]:
            history.append([trial.number, trial.accuracy or 0.0])
    return history


def _keep_best(search: Search) -> None:
    """Checkpoints of the best trials, as retention leaves them; without files."""
    best = search.trials.filter(state=State.COMPLETED).order_by("-reward", "number")[:KEPT]
    Checkpoint.objects.bulk_create(
        Checkpoint(
            owner_id=search.owner_id,
            origin=Origin.TRIAL,
            search=search,
            dataset_id=search.dataset_id,
            trial=trial,
            folder=f"checkpoints/{search.pk}-{trial.number}",
            sha256=f"{trial.pk:064x}",
            bytes=4 * (trial.parameters or 0),
            accuracy=trial.accuracy,
            parameters=trial.parameters or 0,
            multiply_adds=trial.multiply_adds or 0,
            description={"architecture": {"cell": trial.cell}, "trained_on": {"name": "digits"}},
        )
        for trial in best
    )


def report_progress(search_id: int, epochs: int) -> int:
    """What a worker says of a running trial, so often; the size of one such event as JSON."""
    trial = Trial.objects.filter(search_id=search_id, state=State.RUNNING).earliest("number")
    rng, progress = random.Random(epochs), _progress(trial.number, 1, random.Random(0))
    for epoch in range(1, epochs + 1):
        progress = _progress(trial.number, epoch, rng)
        assert TRIAL.progressed(trial.pk, trial.attempt, progress)
    return len(json.dumps(progress))
