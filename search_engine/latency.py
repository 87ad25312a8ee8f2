"""What running a network takes: seconds and bytes, on the device where it stands."""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from search_engine.networks import CondenseNet, Network
from search_engine.objective import CostKind
from search_engine.peak_memory import peak_bytes, stored_bytes

LARGE_BATCH = 64
WARM_UP, REPEATS, LEAST = 2, 15, 3
ENOUGH_SECONDS = 1.0
"""Warm-up, and then the repeats, end after so long: large networks are slow on a CPU."""

PROCESSORS = Path("/proc/cpuinfo")


def measure_costs(network: Network) -> dict[CostKind, float]:
    """Latency for a batch of one and of 64 images, and memory for a batch of one.

    Args:
        network: on its device; its mode is kept. A CondenseNet is measured in its converted form.
    """
    plain = network.converted() if isinstance(network, CondenseNet) else network
    return {
        CostKind.LATENCY_1: measure_latency(plain),
        CostKind.LATENCY_64: measure_latency(plain, LARGE_BATCH),
        CostKind.MEMORY: float(measure_memory(plain)),
    }


def measure_latency(network: Network, batch_size: int = 1) -> float:
    """Median seconds of a forward pass in eval mode, on the network's device.

    Args:
        network: its mode is kept.
        batch_size: images in the batch.
    """
    with _forward(network, batch_size) as call:
        return median_seconds(call)


def measure_memory(network: Network, batch_size: int = 1) -> int:
    """Bytes that a forward pass in eval mode needs: weights, and activations at their peak.

    On CUDA the activations are what the allocator says, workspaces of the libraries included. On
    the CPU they are the tensors that are alive at once; what a library takes beside torch's
    allocator while one operation lasts is not seen.

    Args:
        network: its mode is kept.
        batch_size: images in the batch.
    """
    with _forward(network, batch_size) as call:
        return stored_bytes(network) + peak_bytes(call, next(network.parameters()).device)


def device_name(device: torch.device) -> str:
    """What has measured, for people: a GPU's name, or `AMD EPYC 7763, 1 thread`.

    Seconds may be compared only where it is the same.

    Args:
        device: where the network stands.
    """
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    threads = torch.get_num_threads()
    return f"{_processor()}, {threads} thread{'s' if threads > 1 else ''}"


def _processor() -> str:
    try:
        lines = PROCESSORS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return "CPU"  # another system than Linux
    found = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(found, "CPU")


def median_seconds(call: Callable[[], object]) -> float:
    """Median seconds of a call, after warm-up.

    Args:
        call: what is measured; what it leaves running on a CUDA device is waited for.
    """
    warming: list[float] = []
    while len(warming) < WARM_UP and sum(warming) < ENOUGH_SECONDS:
        warming.append(_seconds(call))
    times: list[float] = []
    while len(times) < LEAST or (len(times) < REPEATS and sum(times) < ENOUGH_SECONDS):
        times.append(_seconds(call))
    return statistics.median(times)


def _seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    if torch.cuda.is_initialized():
        torch.cuda.synchronize()
    return time.perf_counter() - started


@contextmanager
def _forward(network: Network, batch_size: int) -> Iterator[Callable[[], object]]:
    """A forward pass of a batch of black images, in eval mode while the `with` lasts."""
    image = network.architecture.skeleton.image
    device = next(network.parameters()).device
    images = torch.zeros(batch_size, image.channels, image.height, image.width, device=device)
    images = images.to(memory_format=torch.channels_last)
    training = network.training
    network.eval()
    try:
        with torch.inference_mode():
            yield lambda: network(images)
    finally:
        network.train(training)
