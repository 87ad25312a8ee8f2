"""What a training will come to, guessed before it is launched. No torch."""

from typing import Any

from search_engine.architecture import Architecture
from search_engine.architecture.memory import training_memory
from search_engine.config import SearchConfig
from search_engine.errors import SearchEngineError
from webapp.datasets.models import Dataset
from webapp.searches.models import Trial
from webapp.state import State


def launch_estimate(config: SearchConfig, dataset: Dataset) -> dict[str, Any]:
    """Counts, exactly; memory for training the start network, the images included; and the time on
    one worker, from the speed of the last trial of this installation, where there was one.
    """
    try:
        start = Architecture.start(config.skeleton)
        memory = training_memory(start.skeleton, start.cell, config.start_recipe.batch_size)
    except SearchEngineError:
        return {}
    cost = start.cost
    epochs = config.start_recipe.epochs + config.budget.max_trials * config.recipe.epochs
    found: dict[str, Any] = {
        "parameters": cost.parameters,
        "multiply_adds": cost.multiply_adds,
        "cells": config.space.size(),
        "epochs": epochs,
    }
    if memory is not None:
        found["memory"] = memory + dataset.size_bytes
    held_out = config.data.validation + config.data.calibration
    images = epochs * training_images(dataset, held_out, config.data.train_limit)
    if (seconds := seconds_of(images, cost.multiply_adds, _last_trial())) is not None:
        found["seconds"] = seconds
    return found


def training_images(dataset: Dataset, held_out: int, limit: int | None) -> int:
    """How many images of a data set are learned from."""
    # The engine's own rule where the publisher names no test images: one in five.
    test = dataset.test_count or round(dataset.image_count * 0.2)
    left = max(0, dataset.image_count - test - held_out)
    return min(left, limit or left)


def seconds_of(images: int, multiply_adds: int, trial: Trial | None) -> float | None:
    """How long so many images take a network, at the speed at which a trial trained.

    A guess: the time of a step is taken to grow with the multiply-adds.
    """
    speed = _images_per_second(trial)
    if trial is None or not (images and multiply_adds and speed and trial.multiply_adds):
        return None
    return images * multiply_adds / trial.multiply_adds / speed


def _images_per_second(trial: Trial | None) -> float:
    record = trial.record if trial else None
    return float(((record or {}).get("result") or {}).get("images_per_second") or 0.0)


def _last_trial() -> Trial | None:
    ended = Trial.objects.filter(state=State.COMPLETED, record__isnull=False)
    return ended.order_by("-ended_at").only("record", "multiply_adds").first()
