"""How fast this machine trains: measured in a second or two, before any trial has said it."""

import statistics
import time
from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional as F

from search_engine.networks import build_network
from search_engine.recording import WARM_UP_CALLS, Replayed
from search_engine.spec import Architecture, DenseNetConfig, ImageShape, parse_cell
from search_engine.spec.duration import CPU_CORE, Speed
from search_engine.spec.training_load import load_of

BATCH = 32
FIRST_STEPS, STEPS = WARM_UP_CALLS + 2, 8
"""The first ones are slower; on a GPU they record the step."""
_MANY_LAYERS = Architecture(
    DenseNetConfig(blocks=2, growth=6, groups=2, image=ImageShape(1, 12, 12)),
    parse_cell("add[G3x3, G3x3 -> add[sep3, sep5 -> [conv1x1]]]"),
)
_MANY_NUMBERS = Architecture.start(
    DenseNetConfig(blocks=1, growth=8, groups=2, image=ImageShape(3, 48, 48))
)


def measure_speed(
    device: torch.device | str = "cpu", clock: Callable[[], float] = time.perf_counter
) -> Speed:
    """Measured on two networks: one mostly begins layers, the other mostly moves numbers.

    Args:
        clock: what seconds are taken from; `time.process_time` does not count other work.
    """
    begun = replace(CPU_CORE, multiply_add=0.0, number=0.0)
    parts, seconds = [], []
    for architecture in (_MANY_LAYERS, _MANY_NUMBERS):
        load = load_of(architecture)
        layers = begun.step(load, BATCH)
        parts.append([layers, CPU_CORE.step(load, BATCH) - layers])
        seconds.append(_step_seconds(architecture, torch.device(device), clock))
    layer, number = torch.linalg.solve(torch.tensor(parts), torch.tensor(seconds)).tolist()
    least = 0.01 * max(layer, number)  # on a GPU one of the two may be lost in the other's noise
    layer, number = max(layer, least), max(number, least)
    return Speed(
        CPU_CORE.multiply_add * number,
        CPU_CORE.number * number,
        CPU_CORE.layer * layer,
        CPU_CORE.trial * layer,
    )


def _step_seconds(
    architecture: Architecture, device: torch.device, clock: Callable[[], float]
) -> float:
    """Median seconds of a step of training."""
    image = architecture.skeleton.image
    network = build_network(architecture, seed=0, device=device).train()
    optimiser = torch.optim.SGD(network.parameters(), lr=1e-3, momentum=0.9)

    def learn(images: Tensor, labels: Tensor) -> None:
        optimiser.zero_grad()
        F.cross_entropy(network(images), labels).backward()
        optimiser.step()

    step: Callable[..., object] = learn
    if device.type == "cuda":
        step = Replayed(learn, device, prepare=optimiser.zero_grad)
    images = torch.randn(BATCH, image.channels, image.height, image.width, device=device)
    images = images.to(memory_format=torch.channels_last)
    labels = torch.zeros(BATCH, dtype=torch.int64, device=device)
    seconds = []
    for _ in range(FIRST_STEPS + STEPS):
        began = clock()
        step(images, labels)
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        seconds.append(clock() - began)
    return statistics.median(seconds[FIRST_STEPS:])
