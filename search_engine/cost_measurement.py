"""The measured costs of a network: seconds and bytes of a forward pass, on its own device.

Memory is counted and not read from the process's resident size, which keeps what was freed and
counts libraries as well.
"""

import statistics
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from search_engine.networks import CondenseNet, Network
from search_engine.recording import RecordingFailed, on_side_stream, record
from search_engine.spec.errors import TrainingStopped
from search_engine.spec.objective import CostKind

LARGE_BATCH = 64
WARM_UP, REPEATS, LEAST = 2, 15, 3
ENOUGH_SECONDS = 1.0
"""Warm-up and repeats each end after this time, because large networks are slow on a CPU."""

REPLAYS = 50
PRECISION = "float32 (TF32)"

PROCESSORS = Path("/proc/cpuinfo")

Tell = Callable[[float, str], None]
"""Hears the share of the work that is done, and what comes next."""


def measure_costs(
    network: Network,
    should_stop: Callable[[], bool] = lambda: False,
    tell: Tell = lambda share, note: None,
) -> dict[CostKind, float]:
    """Latency for a batch of one and of 64 images, and memory for a batch of one.

    On CUDA the latencies are the device's own; how long the passes take that Python launches
    operation by operation is told beside them, as eager latency.

    Args:
        network: on its device; its mode is kept. A CondenseNet is measured in its converted form.
        should_stop: asked before each forward pass.
        tell: told before memory and each batch size is measured.

    Raises:
        TrainingStopped: `should_stop` said so.
    """
    tell(0.0, "Memory")
    plain = network.converted() if isinstance(network, CondenseNet) else network
    costs = {CostKind.MEMORY: float(measure_memory(plain))}
    for share, batch_size, kind, eager_kind in (
        (0.1, 1, CostKind.LATENCY_1, CostKind.EAGER_1),
        (0.5, LARGE_BATCH, CostKind.LATENCY_64, CostKind.EAGER_64),
    ):
        tell(share, f"Batches of {batch_size}")
        eager = measure_latency(plain, batch_size, should_stop=should_stop)
        on_device = measure_on_device(plain, batch_size, should_stop=should_stop)
        costs[kind] = eager if on_device is None else on_device
        if on_device is not None:
            costs[eager_kind] = eager
    return costs


def measure_latency(
    network: Network, batch_size: int = 1, *, should_stop: Callable[[], bool] = lambda: False
) -> float:
    """Median seconds of a forward pass in eval mode, on the network's device, launched by Python.

    Args:
        should_stop: asked before each forward pass.

    Raises:
        TrainingStopped: `should_stop` said so.
    """
    device = next(network.parameters()).device
    with _forward(network, batch_size) as call:
        return median_seconds(_unless_stopped(call, should_stop), device)


def measure_on_device(
    network: Network, batch_size: int = 1, *, should_stop: Callable[[], bool] = lambda: False
) -> float | None:
    """Median seconds that a CUDA device itself takes for a forward pass, recorded and replayed.

    Returns:
        None on another device, and where the pass cannot be recorded.

    Raises:
        TrainingStopped: `should_stop` said so.
    """
    device = next(network.parameters()).device
    if device.type != "cuda":
        return None
    with _forward(network, batch_size) as call, torch.cuda.device(device):
        try:
            with on_side_stream(device):
                call()
            replay = _unless_stopped(record(call, device).replay, should_stop)
        except RecordingFailed:
            return None
        times = [_device_seconds(replay) for _ in range(REPLAYS)]
    return statistics.median(times)


def _device_seconds(call: Callable[[], object]) -> float:
    begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    begin.record()
    call()
    end.record()
    end.synchronize()
    return begin.elapsed_time(end) / 1000


def _unless_stopped(
    call: Callable[[], object], should_stop: Callable[[], bool]
) -> Callable[[], object]:
    def unless_stopped() -> object:
        if should_stop():
            raise TrainingStopped(0)
        return call()

    return unless_stopped


def measure_memory(network: Network, batch_size: int = 1) -> int:
    """Bytes that a forward pass in eval mode needs: weights, and activations at their peak.

    On CUDA the activations are what the allocator says, workspaces of the libraries included. On
    the CPU they are the tensors that are alive at once; what a library takes beside torch's
    allocator while one operation lasts is not seen.
    """
    with _forward(network, batch_size) as call:
        return stored_bytes(network) + peak_bytes(call, next(network.parameters()).device)


def device_name(device: torch.device) -> str:
    """Name of the measuring device for people, `NVIDIA H200, float32 (TF32)`, `AMD EPYC 7763, 1
    thread`: of a GPU with the precision, in which torch lets convolutions have fewer digits.

    Seconds may be compared only between devices of the same name.
    """
    if device.type == "cuda":
        return f"{torch.cuda.get_device_name(device)}, {PRECISION}"
    threads = torch.get_num_threads()
    return f"{_processor()}, {threads} thread{'s' if threads > 1 else ''}"


def _processor() -> str:
    try:
        lines = PROCESSORS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return "CPU"  # another system than Linux
    found = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(found, "CPU")


def median_seconds(call: Callable[[], object], device: torch.device) -> float:
    """Median seconds of a call, after warm-up.

    Args:
        device: where it works; what it leaves running on a CUDA device is waited for.
    """
    warming: list[float] = []
    while len(warming) < WARM_UP and sum(warming) < ENOUGH_SECONDS:
        warming.append(_seconds(call, device))
    times: list[float] = []
    while len(times) < LEAST or (len(times) < REPEATS and sum(times) < ENOUGH_SECONDS):
        times.append(_seconds(call, device))
    return statistics.median(times)


def _seconds(call: Callable[[], object], device: torch.device) -> float:
    started = time.perf_counter()
    call()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
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


def stored_bytes(module: nn.Module) -> int:
    """Bytes of a module's parameters and buffers; what several share counts once."""
    tensors = (*module.parameters(), *module.buffers())
    return sum({tensor.data_ptr(): tensor.nbytes for tensor in tensors}.values())


def peak_bytes(call: Callable[[], object], device: torch.device) -> int:
    """The most bytes that a call's tensors take at once; those from before do not count."""
    return _cuda_peak(call, device) if device.type == "cuda" else _counted_peak(call)


def _cuda_peak(call: Callable[[], object], device: torch.device) -> int:
    call()  # what is allocated once and kept is there from now on
    torch.cuda.synchronize(device)
    torch.cuda.reset_peak_memory_stats(device)
    before = torch.cuda.memory_allocated(device)
    call()
    torch.cuda.synchronize(device)
    return torch.cuda.max_memory_allocated(device) - before


def _counted_peak(call: Callable[[], object]) -> int:
    with _LiveTensors() as live:
        call()
    return live.peak


class _LiveTensors(TorchDispatchMode):
    """Counts the memory of tensors when operations make them, and again when they are freed.

    The count agrees with torch's memory profiler within a few bytes.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.peak = 0
        self._now = 0
        self._living: dict[int, weakref.ref[torch.UntypedStorage]] = {}

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        given = {storage._cdata for storage in _storages((args, kwargs))}
        for storage in _storages(result):
            if storage._cdata not in given and storage._cdata not in self._living:
                self._add(storage)
        self.peak = max(self.peak, self._now)
        return result

    def _add(self, storage: torch.UntypedStorage) -> None:
        key, size = storage._cdata, storage.nbytes()

        def freed(_: object) -> None:
            self._now -= size
            del self._living[key]

        self._living[key] = weakref.ref(storage, freed)
        self._now += size


def _storages(values: object) -> list[torch.UntypedStorage]:
    return [leaf.untyped_storage() for leaf in tree_leaves(values) if isinstance(leaf, Tensor)]
