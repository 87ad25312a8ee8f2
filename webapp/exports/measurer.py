"""Measuring one checkpoint's network, on the device that this worker trains on. Worker side."""

import torch

from search_engine.checkpoint import load_checkpoint
from search_engine.latency import measure_costs
from webapp.checkpoints import files
from webapp.checkpoints.storing import measured
from webapp.exports import lifecycle
from webapp.exports.models import Measurement
from webapp.exports.working import WorkRefused, work
from webapp.searches import worker_memory
from webapp.searches.holding import Stop


def measure(measurement_id: int, worker: str) -> None:
    """Measure a checkpoint, as trials are measured, unless somebody else does."""
    work(lifecycle.MEASUREMENTS, measurement_id, worker, _measure)


def _measure(measurement: Measurement, token: int, _stop: Stop) -> None:
    with files.local(measurement.checkpoint.folder) as folder:
        network = load_checkpoint(folder, device=worker_memory.device())
    try:
        costs = measure_costs(network)
    except torch.OutOfMemoryError:
        worker_memory.forget()  # what trials left there, so that trying again may help
        raise WorkRefused("64 images at once are too much for the device's memory.") from None
    lifecycle.measurement_completed(measurement.pk, token, measured(network, costs))
