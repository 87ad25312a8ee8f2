"""How long a search or a final training will take, told before it begins."""

from collections.abc import Sequence

import torch

from search_engine.data import Dataset
from search_engine.data.splits import Splits
from search_engine.spec.duration import CPU_CORE, Images, Speed, duration_of, trial_seconds
from search_engine.spec.final_training import FinalTrainingConfig
from search_engine.spec.search_config import SearchConfig
from search_engine.spec.training_load import load_of
from search_engine.speed import measure_speed

LEAST_HOURS = 1.0


def search_hours(config: SearchConfig, splits: Splits, devices: Sequence[torch.device]) -> str:
    """A sentence for a search that takes hours; nothing for a shorter one.

    Args:
        devices: on which trials are evaluated side by side; of one kind.
    """
    speed, where = _speed_on(devices[0])
    seconds = duration_of(config, _images(splits), speed).seconds(len(devices))
    return _told(seconds, where if len(devices) == 1 else f"{len(devices)} x {where}")


def training_hours(config: FinalTrainingConfig, dataset: Dataset, device: torch.device) -> str:
    """A sentence for a training that takes hours; nothing for a shorter one."""
    speed, where = _speed_on(device)
    splits = dataset.split(
        validation=config.data.validation,
        calibration=0,
        seed=config.data.seed,
        train_limit=config.data.train_limit,
        fold=config.data.tested,
    )
    load = load_of(config.architecture)
    return _told(trial_seconds(config.recipe, load, _images(splits), speed), where)


def _images(splits: Splits) -> Images:
    parts = (splits.train, splits.validation, splits.calibration, splits.test)
    return Images(*map(len, parts))


def _speed_on(device: torch.device) -> tuple[Speed, str]:
    if device.type == "cuda":
        name = torch.cuda.get_device_name(device)
        return measure_speed(device), f"{name}, as steps of two small networks say"
    return CPU_CORE, "one processor core, estimated from counts of operations"


def _told(seconds: float, where: str) -> str:
    hours = seconds / 3600
    return f"This takes about {hours:,.0f} hours: {where}." if hours >= LEAST_HOURS else ""
