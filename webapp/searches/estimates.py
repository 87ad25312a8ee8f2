"""What a training will come to, guessed before it is launched; and how long a search goes on."""

from dataclasses import replace
from statistics import median, quantiles
from typing import Any

from django.db.models import QuerySet

from search_engine.spec import Architecture, cell_from_json
from search_engine.spec.cards import estimated_speed
from search_engine.spec.duration import (
    CPU_CORE,
    Images,
    Speed,
    counts_of,
    duration_of,
    trial_seconds,
)
from search_engine.spec.errors import SearchEngineError
from search_engine.spec.memory import training_memory
from search_engine.spec.search_config import SearchConfig
from search_engine.spec.training_load import load_of
from webapp.datasets.models import Dataset
from webapp.searches.models import Search, Trial
from webapp.state import State
from webapp.workers.selectors import fleet

RECENT = 40
"""How many of the latest trials count: older ones were of smaller networks."""
TEST_SHARE = 0.2
"""The engine's own rule where the publisher names no test images: one in five."""
GPU = 0.03
"""A guess for a card whose data sheet is not known: its time, as a share of one of our cores'."""
MEASURED = 12
"""How many of the installation's latest trials its speed is taken from."""


def launch_estimate(
    config: SearchConfig, dataset: Dataset, *, is_trained: bool = False
) -> dict[str, Any]:
    """Counts, at most; memory for training the start network, the images included; and the time
    with the workers that are there, at the speed of this installation's latest trials.

    Args:
        is_trained: whether the start network has been trained already.
    """
    images = images_of(config, dataset)
    try:
        start = config.start_architecture(config.skeleton.classes)
        memory = training_memory(start.skeleton, start.cell, config.start_recipe.batch_size)
        speed, is_known = speed_here()
        duration = duration_of(config, images, speed, is_trained=is_trained)
    except SearchEngineError:
        return {}
    cost, counts = start.cost, counts_of(config)
    epochs = 0 if is_trained else config.start_rounds.max_rounds * config.start_recipe.epochs
    epochs += counts.trials * config.recipe.epochs
    found: dict[str, Any] = {
        "parameters": cost.parameters,
        "multiply_adds": cost.multiply_adds,
        "cells": config.space.size(),
        "epochs": epochs,
        "seconds": duration.seconds(min(config.at_once(fleet().workers), fleet().workers)),
        "speed_known": is_known,
    }
    if memory is not None:
        found["memory"] = memory + dataset.size_bytes
    return found


def images_of(config: SearchConfig, dataset: Dataset) -> Images:
    """How many images of a data set serve for what."""
    data = config.data
    held_out = data.validation + data.calibration
    train = training_images(dataset, held_out, data.train_limit)
    test = dataset.test_count or round(dataset.image_count * TEST_SHARE)
    return Images(train, data.validation, data.calibration, test)


def speed_here() -> tuple[Speed, bool]:
    """How fast this installation's workers are, and whether its own trials say so.

    What the latest trials took, against what they would have taken on a core of our own.
    """
    found = [ratio for trial in _measured() if (ratio := _ratio(trial)) is not None]
    if found:
        return CPU_CORE * median(found), True
    gpu = fleet().gpu
    if not gpu:
        return CPU_CORE, False
    return estimated_speed(gpu) or CPU_CORE * GPU, False


def _measured() -> QuerySet[Trial]:
    ended = Trial.objects.filter(state=State.COMPLETED, seconds__gt=0, multiply_adds__gt=0)
    return ended.select_related("search__dataset").order_by("-ended_at")[:MEASURED]


def _ratio(trial: Trial) -> float | None:
    """What a trial took, as a multiple of what is expected of one of our cores."""
    try:
        config = SearchConfig.from_json(trial.search.config)
        start = config.start_architecture(config.skeleton.classes)
        # Its layers may be wider than the start network's: then all of it is about as much heavier.
        network = Architecture(start.skeleton, cell_from_json(trial.cell))
    except SearchEngineError:
        return None
    load = load_of(network) * ((trial.multiply_adds or 0) / max(1, network.cost.multiply_adds))
    images = images_of(config, trial.search.dataset)
    recipe = replace(config.recipe, epochs=max(1, len(trial.curve) or config.recipe.epochs))
    return (trial.seconds or 0.0) / trial_seconds(recipe, load, images, CPU_CORE)


def training_images(dataset: Dataset, held_out: int, limit: int | None) -> int:
    """How many images of a data set are learned from."""
    test = dataset.test_count or round(dataset.image_count * TEST_SHARE)
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
    result = (trial.result if trial else None) or {}
    return float(result.get("images_per_second") or 0.0)


def with_seconds(search: Search, seconds: float | None) -> list[float]:
    """What the latest trials took, with one that has just ended."""
    return [*search.recent_seconds, round(seconds or 0.0, 2)][-RECENT:]


def seconds_left(search: Search, *, running: int) -> list[float] | None:
    """The least and the most, in seconds; None while nothing is known and once it has ended.

    Every trial that is left takes as long as the middle half of the latest ones did; those that run
    are half done.
    """
    if not search.recent_seconds or State(search.state).is_final:
        return None
    ended = search.trials_completed + search.trials_failed
    left = max(0.0, search.max_trials - ended - running / 2)
    left += max(0, _others(search) - search.others_ended)
    side = max(1, running, search.config.get("parallel", 1))
    low, high = _middle_half(search.recent_seconds)
    return [round(left * low / side, 1), round(left * high / side, 1)]


def _others(search: Search) -> int:
    """How many controls and confirmations there will be, about."""
    try:
        counts = counts_of(SearchConfig.from_json(search.config))
    except SearchEngineError:
        return 0
    return counts.controls + counts.confirmations


def _middle_half(values: list[float]) -> tuple[float, float]:
    if len(values) == 1:
        return values[0], values[0]
    low, _, high = quantiles(values, n=4, method="inclusive")
    return low, high
