"""Whether a GPU computes what the CPU does, a graph what ordinary steps do, and how surely."""

from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.gpu.findings import Findings
from benchmarks.gpu.made import CUDA, FAMILIES, batches, gated_child, make, relative, speed, tf32
from search_engine.cost_measurement import measure_costs
from search_engine.networks import Network
from search_engine.spec.objective import CostKind
from search_engine.spec.recipe import Precision, Recipe
from search_engine.spec.training_events import EpochEnded
from search_engine.training.device import settle
from search_engine.training.state import TrainingState
from search_engine.training.trainer import Trainer

PRECISIONS: tuple[tuple[str, bool, torch.dtype | None], ...] = (
    ("fp32", False, None),
    ("tf32", True, None),
    ("bf16", True, torch.bfloat16),
)


def parity(found: Findings) -> None:
    """The same child on CPU and GPU: logits and gradients."""
    images = torch.randn(32, 3, 32, 32, generator=torch.Generator().manual_seed(5))
    bounds = {"fp32": (1e-4, 1e-3), "tf32": (1e-2, 5e-2), "bf16": (5e-2, 2e-1)}
    for family in FAMILIES:
        _, child = gated_child(family)
        for gate in child.gates():
            gate.opening.fill_(0.4)
        settle(child, torch.device("cpu"))
        wanted = _passes(child, images)
        settle(child, CUDA)
        for label, has_tf32, low in PRECISIONS:
            with tf32(has_tf32):
                logits, gradient = _passes(child, images, low)
            found.at_most(f"{family} {label} logits", relative(logits, wanted[0]), bounds[label][0])
            distance = relative(gradient, wanted[1])
            found.at_most(f"{family} {label} gradient", distance, bounds[label][1])


def _passes(
    network: Network, images: Tensor, low: torch.dtype | None = None
) -> tuple[Tensor, Tensor]:
    device = next(network.parameters()).device
    network.train()
    with torch.autocast(device.type, low, enabled=low is not None):
        logits = network(images.to(device).contiguous(memory_format=torch.channels_last))
    labels = (torch.arange(len(images)) % 10).to(device)
    nn.functional.cross_entropy(logits.float(), labels).backward()
    gradient = torch.cat(
        [p.grad.flatten().cpu() for p in network.parameters() if p.grad is not None]
    )
    network.zero_grad()
    return logits.detach().cpu(), gradient


def preserving(found: Findings) -> None:
    """A child at birth computes what its parent does, in each precision."""
    images = torch.randn(512, 3, 32, 32, generator=torch.Generator().manual_seed(7)).cuda()
    bounds = {"fp32": 1e-5, "tf32": 5e-3, "bf16": 3e-2}
    for family in FAMILIES:
        parent, child = gated_child(family, device="cuda")
        for label, has_tf32, low in PRECISIONS:
            autocast = torch.autocast("cuda", low, enabled=low is not None)
            with tf32(has_tf32), torch.inference_mode(), autocast:
                before, after = parent(images).float(), child.eval()(images).float()
            found.at_most(f"{family} {label}", relative(after, before), bounds[label])
            same = (before.argmax(1) == after.argmax(1)).float().mean().item()
            least = 1.0 if label == "fp32" else 0.98
            found.at_least(f"{family} {label} same class", same, least)


def trained(
    network: Network,
    graphs: bool,
    *,
    until: int | None = None,
    state: TrainingState | None = None,
    **recipe: Any,
) -> tuple[list[float], dict[str, Tensor], Trainer]:
    """Losses, weights, and the trainer, after four epochs of seven steps."""
    settings = {"epochs": 4, "batch_size": 64, "annealing": 0.5, "norm_batches": 1, **recipe}
    data, validation = batches(64 * 6 + 8), batches(128)
    trainer = Trainer(
        network, Recipe(**settings), data, validation, seed=5, device=CUDA, cuda_graphs=graphs
    )
    if state is not None:
        trainer.restore(state)
    losses = []
    for event in trainer.run():
        if isinstance(event, EpochEnded):
            losses.append(event.loss)
            if event.epoch == until:
                break
    return losses, {n: t.detach().clone() for n, t in network.state_dict().items()}, trainer


SETTINGS: tuple[tuple[str, str, float, dict[str, Any]], ...] = (
    ("fp32", "densenet", 0.0, {"precision": Precision.FLOAT32}),
    ("bf16", "densenet", 0.0, {}),
    ("clip, average, smoothing", "densenet", 0.0, {"gradient_clip": 1.0, "ema_decay": 0.98}),
    ("warm-up of the rate", "pyramidnet", 0.0, {"warmup_epochs": 2.0}),
    ("DropPath", "densenet", 0.3, {}),
    ("CondenseNet", "condensenet", 0.0, {}),
)


def graphs(found: Findings) -> None:
    """Recorded steps teach what ordinary steps teach; a training that is resumed, too."""
    torch.backends.cudnn.deterministic = True
    try:
        for label, family, drop_path, recipe in SETTINGS:
            made = []
            for graphed in (False, True):
                _, child = gated_child(family, drop_path=drop_path)
                made.append(trained(child, graphed, **recipe))
            (one, first, _), (two, second, trainer) = made
            found.at_most(f"{label}: loss", _apart(one, two), 2e-2)
            worst = max(
                relative(second[n], first[n]) for n in first if first[n].dtype.is_floating_point
            )
            found.figure(f"{label}: largest relative change of a tensor", worst)
            found.holds(f"{label}: recorded", trainer.graph_failure is None, trainer.replays)
        whole, last, _ = trained(gated_child("densenet")[1], True)
        _, _, halfway = trained(gated_child("densenet")[1], True, until=2)
        rest, again, _ = trained(gated_child("densenet")[1], True, state=halfway.state())
        found.at_most("resumed after epoch 2: loss", _apart(whole[2:], rest), 2e-2)
        found.figure("resumed bit for bit", all(torch.equal(last[n], again[n]) for n in last))
    finally:
        torch.backends.cudnn.deterministic = False


def _apart(one: list[float], two: list[float]) -> float:
    return max(abs(a - b) / max(abs(a), 1e-9) for a, b in zip(one, two, strict=True))


def same_again(found: Findings) -> None:
    """The same trial twice: how equal, and what equality costs."""
    for label in ("default", "cudnn.deterministic"):
        torch.backends.cudnn.deterministic = label != "default"
        one, two = (trained(gated_child("densenet")[1], True)[:2] for _ in range(2))
        bits = all(torch.equal(one[1][name], two[1][name]) for name in one[1])
        found.figure(f"{label}: same losses, same bits", (one[0] == two[0], bits))
        steps = speed(make("child of middling"), graphs=True, precision=Precision.AUTO)
        found.figure(f"{label}: steps/s", round(steps))
    torch.backends.cudnn.deterministic = False


def latency(found: Findings) -> None:
    """What a checkpoint's page states, four times over, beside the eager passes."""
    for name in ("start", "TreeCell-A"):
        network = make(name).eval()
        told = [measure_costs(network) for _ in range(4)]
        for kind, eager in (
            (CostKind.LATENCY_1, CostKind.EAGER_1),
            (CostKind.LATENCY_64, CostKind.EAGER_64),
        ):
            found.holds(f"{name} {kind}: recorded", all(eager in costs for costs in told))
            times = [costs[kind] for costs in told]
            eagerly = [round(1e3 * costs.get(eager, 0.0), 3) for costs in told]
            found.figure(f"{name} {kind}, ms", [round(1e3 * seconds, 3) for seconds in times])
            found.figure(f"{name} {eager}, ms", eagerly)
            spread = (max(times) - min(times)) / min(times)
            found.at_most(f"{name} {kind}: spread", spread, 0.15)
