"""What searches held of their start networks' trainings becomes rows of trainings."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import migrations

from search_engine.spec import Architecture, cell_to_json
from search_engine.spec.search_config import SearchConfig

ACTIVE = ("queued", "running", "paused")
NOT_TOLD = {"training_accuracy": None, "loss": None, "learning_rate": None}


def forwards(apps: Any, _: Any) -> None:
    trainings = apps.get_model("trainings", "Training")
    trainings.objects.filter(trial__isnull=True).update(purpose="comparison")
    for pk in trainings.objects.values_list("pk", flat=True):
        _move(f"final-{pk}", str(pk))
    for search in apps.get_model("searches", "Search").objects.iterator():
        made = trainings.objects.create(**_columns(apps, search))
        _move(str(search.pk), f"{made.pk}/{made.attempt}")


def _columns(apps: Any, search: Any) -> dict[str, Any]:
    config = SearchConfig.from_json(search.config)
    cost = Architecture.start(config.skeleton).cost
    kept = apps.get_model("checkpoints", "Checkpoint").objects.filter(search=search, origin="start")
    held = search.start_lease_until is not None and search.state in ACTIVE
    return {
        "search": search,
        "purpose": "start",
        "name": "Start network",
        "config": _config(config, search.config),
        "epochs": config.start_recipe.epochs,
        "state": _state(search, held),
        "requested": "cancel" if held and search.requested == "cancel" else "",
        "failure": search.failure if search.start_completed_at is None else "",
        "progress": search.start_progress,
        "attempt": search.start_attempt,
        "workers_lost": search.start_losses,
        "lease_until": search.start_lease_until if held else None,
        "worker": search.start_worker,
        "sent_at": search.sent_at,
        "created_at": search.created_at,
        "started_at": search.started_at,
        "ended_at": search.start_completed_at or search.ended_at,
        "history": _history(apps, search),
        "parameters": search.start_parameters or cost.parameters,
        "multiply_adds": search.start_multiply_adds or cost.multiply_adds,
        "accuracy": search.start_accuracy,
        "checkpoint": kept.first(),
    }


def _state(search: Any, held: bool) -> str:
    if search.start_completed_at is not None:
        return "completed"
    if search.state in ACTIVE:
        return "running" if held else "queued"
    return str(search.state)


def _config(config: SearchConfig, document: dict[str, Any]) -> dict[str, Any]:
    skeleton, data = config.skeleton, document["data"]
    return {
        "version": 1,
        "data": {
            "name": data["name"],
            "validation": data["validation"],
            "train_limit": data["train_limit"],
            "seed": document["seed"],
        },
        "skeleton": document["skeleton"],
        "cell": cell_to_json(skeleton.start_cell),
        "recipe": document["start_recipe"],
        "cutout": None,
        "weights": "scratch" if skeleton.has_fresh_weights else "grown",
        "seed": document["seed"],
    }


def _history(apps: Any, search: Any) -> Sequence[dict[str, Any]]:
    """Of each epoch the accuracy: its loss was not told."""
    told = apps.get_model("live", "Event").objects.filter(
        log__kind="search", log__topic_id=search.pk, kind="start_network.progress"
    )
    accuracies: dict[int, float | None] = {}
    for payload in told.order_by("sequence").values_list("payload", flat=True):
        accuracies[payload["epoch"]] = payload["accuracy"]
    epochs = range(1, max(accuracies, default=0) + 1)
    return [{"accuracy": accuracies.get(epoch), **NOT_TOLD} for epoch in epochs]


def _move(old: str, new: str) -> None:
    """State between epochs, where this machine has any."""
    var = Path(settings.VAR)
    source, target = var / "training" / old, var / "trainings" / new
    if source.is_dir():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(source, target)


class Migration(migrations.Migration):
    dependencies = [
        ("checkpoints", "0003_measured"),
        ("live", "0001_initial"),
        ("searches", "0003_trials_are_work"),
        ("trainings", "0002_one_model"),
    ]

    operations = [migrations.RunPython(forwards, migrations.RunPython.noop)]
