"""Seconds and bytes of a forward pass; the bytes by hand."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from search_engine import cost_measurement
from search_engine.cost_measurement import (
    device_name,
    measure_costs,
    measure_latency,
    measure_memory,
    peak_bytes,
    stored_bytes,
)
from search_engine.networks import CondenseNet, build_network
from search_engine.spec import Architecture
from search_engine.spec.objective import CostKind
from tests.growing import FAMILIES, small_skeleton

CPU = torch.device("cpu")
FLOAT = 4


def test_the_peak_is_what_is_alive_at_once() -> None:
    x = torch.zeros(100)

    def two_then_one() -> Tensor:
        y = x + 1  # 100 floats
        z = torch.cat((y, y, y))  # and 300: the peak
        del y
        return z.sum()  # 300 and 1

    assert peak_bytes(two_then_one, CPU) == 400 * FLOAT


def test_views_and_changes_in_place_take_nothing() -> None:
    x = torch.zeros(10, 10)
    assert peak_bytes(lambda: x.view(100)[:50].relu_(), CPU) == 0


def test_a_convolution_takes_its_output() -> None:
    conv = nn.Conv2d(3, 8, 3, padding=1)
    with torch.inference_mode():
        images = torch.zeros(2, 3, 16, 16)
        assert peak_bytes(lambda: conv(images), CPU) == 2 * 8 * 16 * 16 * FLOAT


def test_what_modules_share_is_stored_once() -> None:
    one, other = nn.Linear(10, 10, bias=False), nn.Linear(10, 10, bias=False)
    assert stored_bytes(nn.Sequential(one, other)) == 200 * FLOAT
    other.weight = one.weight
    assert stored_bytes(nn.Sequential(one, other)) == 100 * FLOAT


def test_a_larger_batch_needs_more_memory_for_activations_only() -> None:
    network = build_network(Architecture.start(small_skeleton("chainnet")), seed=0)
    one, eight = measure_memory(network), measure_memory(network, 8)
    weights = stored_bytes(network)
    assert eight - weights == 8 * (one - weights) > 0


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("family", FAMILIES)
def test_measuring_leaves_the_network_as_it_was(family: str, training: bool) -> None:
    network = build_network(Architecture.start(small_skeleton(family)), seed=0).train(training)
    if isinstance(network, CondenseNet):
        network.condense(1.0)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    told: list[tuple[float, str]] = []
    costs = measure_costs(network, tell=lambda *now: told.append(now))
    assert told == [(0.0, "Memory"), (0.1, "Batches of 1"), (0.5, "Batches of 64")]
    assert set(costs) == {CostKind.LATENCY_1, CostKind.LATENCY_64, CostKind.MEMORY}
    assert all(cost > 0 for cost in costs.values())
    assert all(module.training == training for module in network.modules())
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())


def test_a_failing_forward_pass_leaves_the_mode() -> None:
    network = build_network(Architecture.start(small_skeleton("chainnet")), seed=0).train()
    network.head = nn.Linear(1, 1)
    with pytest.raises(RuntimeError):
        measure_latency(network)
    assert network.training


@pytest.mark.gpu
def test_memory_on_a_gpu_is_at_least_what_the_cpu_counts() -> None:
    if not torch.cuda.is_available():
        pytest.skip("there is no CUDA device")
    network = build_network(Architecture.start(small_skeleton("densenet")), seed=0)
    counted = measure_memory(network, 64)
    # The allocator rounds up, and the libraries have workspaces.
    assert measure_memory(network.cuda(), 64) >= counted


def test_what_measured_is_named_with_its_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cost_measurement, "PROCESSORS", tmp_path / "cpuinfo")
    monkeypatch.setattr(torch, "get_num_threads", lambda: 3)
    assert device_name(CPU) == "CPU, 3 threads"
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nmodel name\t: Quiet 7\nmodel name\t: x\n")
    assert device_name(CPU) == "Quiet 7, 3 threads"
