"""Images a second of the training loop, beside the plainest PyTorch loop and beside the limit.

    python -m benchmarks.training [--device cuda] [--steps 3] [--repetitions 3]

All on the same 3 x 32 x 32 images with pad-crop-mirror, batch 64, Nesterov SGD:
- ours: the Trainer; `bf16` computes in bfloat16, the default on CUDA, and there by graphs too;
- plain: DataLoader over a data set that changes one float image at a time, with 0 and 2 workers,
  standard SGD, contiguous layout, loss read at each step;
- limit: forward, backward and fused SGD on one batch in memory, channels last; nothing else.
Repetitions of all take turns; the table has medians.
"""

import argparse
import random
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

from benchmarks.report import machine, table
from search_engine.data import Augmentation, Batches, Dataset, DeviceImages
from search_engine.networks import Network, build_network
from search_engine.spec import Architecture, DenseNetConfig, SearchSpace, sample
from search_engine.spec.recipe import Precision, Recipe
from search_engine.spec.training_events import EpochEnded
from search_engine.training.trainer import Trainer

BATCH = 64
PADDING = 4
START = Architecture.start(DenseNetConfig(blocks=3, growth=16, groups=2))

Epochs = Iterator[float]
"""Trains an epoch each time it is asked, and says how many images a second it took in."""


class PlainImages(TorchDataset[tuple[Tensor, int]]):
    """Float images, each cropped and mirrored on its own when it is asked for."""

    def __init__(self, images: Tensor, labels: Tensor) -> None:
        self.images, self.labels = images, labels

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        image = F.pad(self.images[index], [PADDING] * 4)
        top, left = (int(torch.randint(2 * PADDING + 1, ())) for _ in range(2))
        image = image[:, top : top + 32, left : left + 32]
        return (image.flip(2) if torch.rand(()) < 0.5 else image), int(self.labels[index])


def ours(
    network: Network, dataset: Dataset, device: str, precision: str, *, graphs: bool
) -> Epochs:
    """The Trainer."""
    indexes = torch.arange(len(dataset))
    batches = Batches(
        DeviceImages(dataset, device),
        indexes,
        BATCH,
        statistics=dataset.statistics(indexes),
        augmentation=dataset.augmentation,
    )
    recipe = Recipe(epochs=1000, precision=Precision(precision))
    trainer = Trainer(network, recipe, batches, seed=0, device=device, cuda_graphs=graphs)
    for event in trainer.run():
        if isinstance(event, EpochEnded):
            yield event.images_per_second


def plain(network: nn.Module, dataset: Dataset, device: str, workers: int) -> Epochs:
    """The plainest loop."""
    images = PlainImages(dataset.images.float().contiguous() / 255, dataset.labels)
    keep = workers > 0
    loader = DataLoader(images, BATCH, shuffle=True, num_workers=workers, persistent_workers=keep)
    network.to(device).train()
    optimiser = torch.optim.SGD(
        network.parameters(), lr=0.035, momentum=0.9, nesterov=True, weight_decay=1e-4
    )
    while True:
        start, running_loss = time.perf_counter(), 0.0
        for batch, labels in loader:
            loss = F.cross_entropy(network(batch.to(device)), labels.to(device))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            running_loss += loss.item()
        yield len(images) / (time.perf_counter() - start)


def limit(network: nn.Module, device: str, steps: int, precision: str) -> Epochs:
    """Nothing but the arithmetic."""
    network.to(device, memory_format=torch.channels_last).train()  # type: ignore[call-overload]
    batch = torch.randn(BATCH, 3, 32, 32, device=device).to(memory_format=torch.channels_last)
    labels = torch.randint(10, (BATCH,), device=device)
    optimiser = torch.optim.SGD(
        network.parameters(), lr=1e-3, momentum=0.9, nesterov=True, weight_decay=1e-4, fused=True
    )
    low = precision == "bfloat16"
    while True:
        start = time.perf_counter()
        for _ in range(steps):
            with torch.autocast(device, torch.bfloat16) if low else nullcontext():
                logits = network(batch)
            loss = F.cross_entropy(logits.float(), labels)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
        loss.item()
        yield steps * BATCH / (time.perf_counter() - start)


def images_dataset(steps: int) -> Dataset:
    """Random images for so many batches."""
    generator = torch.Generator().manual_seed(0)
    count = steps * BATCH
    return Dataset(
        name="random",
        images=torch.randint(256, (count, 3, 32, 32), generator=generator, dtype=torch.uint8),
        labels=torch.arange(count) % 10,
        class_names=tuple("0123456789"),
        test=torch.tensor([], dtype=torch.int64),
        licence="none",
        source="random",
        augmentation=Augmentation(padding=PADDING, flip=True),
    )


def child(seed: int) -> Architecture:
    """A random child of the start network."""
    architecture = START
    for transformation in sample(SearchSpace(groups=2), random.Random(seed)).transformations:
        architecture = architecture.after(transformation)
    return architecture


def contestants(architecture: Architecture, device: str, steps: int) -> dict[str, Epochs]:
    """All loops, each with its own copy of the network."""

    def fresh() -> Network:
        return build_network(architecture, seed=0)

    dataset = images_dataset(steps)
    loops = {
        "ours": ours(fresh(), dataset, device, "float32", graphs=False),
        "plain, 0 workers": plain(fresh(), dataset, device, 0),
        "plain, 2 workers": plain(fresh(), dataset, device, 2),
        "limit": limit(fresh(), device, steps, "float32"),
        "ours bf16": ours(fresh(), dataset, device, "bfloat16", graphs=False),
        "limit bf16": limit(fresh(), device, steps, "bfloat16"),
    }
    if device == "cuda":
        loops["ours bf16, graphs"] = ours(fresh(), dataset, device, "bfloat16", graphs=True)
    return loops


def measure(loops: dict[str, Epochs], repetitions: int) -> dict[str, float]:
    """Median images a second of each loop; they take turns, after a round to warm up."""
    found: dict[str, list[float]] = {name: [] for name in loops}
    for repetition in range(repetitions + 1):
        for name, loop in loops.items():
            speed = next(loop)
            if repetition:
                found[name].append(speed)
    return {name: statistics.median(speeds) for name, speeds in found.items()}


def row(name: str, speeds: dict[str, float]) -> list[str]:
    """A line of the table: speeds, then ours as a multiple of plain and of the limit."""
    best = max(speeds["plain, 0 workers"], speeds["plain, 2 workers"])
    ratios = [speeds["ours"] / best, speeds["ours"] / speeds["limit"]]
    ratios.append(speeds["ours bf16"] / speeds["limit bf16"])
    if "ours bf16, graphs" in speeds:
        ratios.append(speeds["ours bf16, graphs"] / speeds["ours bf16"])
    return [name, *(f"{speed:,.0f}" for speed in speeds.values()), *(f"{r:.2f}" for r in ratios)]


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--steps", type=int, help="of an epoch")
    parser.add_argument("--repetitions", type=int, default=3)
    arguments = parser.parse_args()
    steps = arguments.steps or (100 if arguments.device == "cuda" else 3)
    torch.set_num_threads(1)
    print(machine(arguments.device))
    makers: dict[str, Callable[[], Architecture]] = {"start network": lambda: START}
    makers |= {f"child {seed}": lambda seed=seed: child(seed) for seed in range(3)}  # type: ignore[misc]
    rows, names = [], []
    for name, make in makers.items():
        loops = contestants(make(), arguments.device, steps)
        speeds = measure(loops, arguments.repetitions)
        names = list(speeds)
        rows.append(row(name, speeds))
    ratios = ["ours / best plain", "ours / limit", "same, bf16", "graphs / none"]
    header = ["images/s", *names, *ratios]
    print(table(header[: len(rows[0])], rows))


if __name__ == "__main__":
    main()
