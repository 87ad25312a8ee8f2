"""Does growing pay? As much compute for resting, for larger networks from scratch, for growing.

    python -m benchmarks.growing --setting saturated --seeds 3
    python -m benchmarks.growing --setting knowing --seeds 3

All arms start from one network that is trained until resting gains less than 0.3 points, and may
spend the same number of multiply-adds in training. `saturated`: 20,000 images, those that the start
network learned from. `brief`: half of the compute, and steps twice as large. `knowing`: the start
network knows 55,000 images; the arms get 2,000 of them, and noise on these. `whole`: 55,000 images;
only `grow`, toward 93 % below 100,000 parameters.

    rest                the start network, trained on
    scaled              the start network, as large as the network of `grow`, from scratch
    scaled, inherited   the start network, made as large by one widening
    grow, reinforce, random, evolution   a search for half of the compute; the best of validation
                        is then trained with what is left

Each arm is looked at on the test images once. Every run is kept in `benchmarks/results/` as it
ends, and is not run again. Writes its table into `docs/results.md`, and draws accuracy against
compute beside it.
"""

import argparse
import math
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import torch

from benchmarks.growing_results import Run, draw, summary
from benchmarks.records import FOLDER, keep_run, read_runs
from benchmarks.report import machine
from benchmarks.results import write_section
from search_engine.checkpoint import load_checkpoint, save_checkpoint
from search_engine.data import SplitDataset, load_dataset
from search_engine.networks import Network, build_network
from search_engine.search.evaluation import train_start_network
from search_engine.search.folder import SearchFolder
from search_engine.search.runner import Runner
from search_engine.spec import Architecture, ChainNetConfig, ImageShape, Lineage, Widen
from search_engine.spec import search_space_of as space_of
from search_engine.spec.recipe import Recipe
from search_engine.spec.search_config import Budget, Confirmation, DataConfig, SearchConfig
from search_engine.spec.start_training import StartRounds
from search_engine.training.metrics import predict
from search_engine.training.trainer import Trainer
from search_engine.transforms import inherit

PAPERS = ("reinforce", "random", "evolution")
SEARCHED = 0.5
"""Share of the compute that a strategy spends on children; the rest is the best's."""


@dataclass(frozen=True)
class Setting:
    """Which images, and how much training.

    Args:
        images: that the arms train on.
        compute: multiply-adds that each arm may spend, in 10^12.
        start_images: that the start network learned from; None: the same.
        noise: standard deviation that is added to the arms' pixels.
        largest_step: of `grow`; by it a layer becomes wider at once.
        arms: beside the start network and `grow`.
    """

    images: int
    compute: float
    epochs: int = 6
    start_images: int | None = None
    noise: float = 0.0
    largest_step: float = 2.0
    arms: tuple[str, ...] = ("rest", "scaled", "scaled, inherited", *PAPERS)


SETTINGS = {
    "saturated": Setting(20_000, 3.0),
    "brief": Setting(20_000, 1.5, largest_step=4.0),
    "knowing": Setting(2_000, 0.4, epochs=15, start_images=55_000, noise=0.1, largest_step=4.0),
    "whole": Setting(55_000, 20.0, arms=()),
}


Trained = tuple[Network, float, list[tuple[float, float]]]
"""A network, the compute it took, and its curve."""


class Ground:
    """What all arms of a seed have in common."""

    def __init__(self, name: str, seed: int) -> None:
        self.name, self.seed, self.setting = name, seed, SETTINGS[name]
        skeleton = ChainNetConfig(
            blocks=1,
            channels=8,
            stem_stride=2,
            widths=(("stage2_block1.cell", 8), ("stage3_block1.cell", 8)),
            image=ImageShape(1, 28, 28),
        )
        self.config = SearchConfig(
            data=self._data(self.setting.images),
            skeleton=skeleton,
            space=space_of(skeleton),
            start_recipe=Recipe(epochs=40, learning_rate=0.1, batch_size=128),
            start_rounds=StartRounds(max_rounds=8),
            recipe=Recipe(epochs=self.setting.epochs, learning_rate=0.2, batch_size=128),
            control=0,
            confirmation=Confirmation(finalists=0),
            budget=Budget(max_trials=1000, max_compute=SEARCHED * self.setting.compute),
            seed=seed,
        )
        self.data = self._split(self.config.data, self.setting.noise)
        self.start = self._start()

    def _data(self, images: int) -> DataConfig:
        return DataConfig(
            name="fashion-mnist", validation=4000, calibration=500, train_limit=images
        )

    def _split(self, data: DataConfig, noise: float) -> SplitDataset:
        dataset = load_dataset("fashion-mnist")
        if noise:
            generator = torch.Generator().manual_seed(self.seed)
            drawn = torch.randn(dataset.images.shape, generator=generator) * noise * 255
            noisy = (dataset.images.float() + drawn).clamp(0, 255).to(dataset.images.dtype)
            dataset = replace(dataset, images=noisy)
        return SplitDataset(dataset, data, seed=self.seed)

    def _start(self) -> Network:
        """Trained to saturation, once for a seed and a number of images, and kept."""
        images = self.setting.start_images or self.setting.images
        folder = FOLDER / "growing-starts" / f"{images}-{self.seed}"
        if (folder / "checkpoint.json").exists():
            return load_checkpoint(folder).eval()
        config = replace(self.config, data=self._data(images))
        network, result = train_start_network(config, self._split(config.data, 0.0))
        print(f"start network, seed {self.seed}: {result}", flush=True)
        save_checkpoint(network, folder, metrics={"last_gain": result.last_gain or 0.0})
        return network

    def compute_of(self, network: Network) -> float:
        """Multiply-adds of an epoch."""
        return 3.0 * network.architecture.cost.multiply_adds * len(self.data.splits.train)

    def train(self, network: Network, compute: float, seed: int = 0) -> Trained:
        """Train a network along one cosine that takes the compute."""
        per_epoch = self.compute_of(network)
        epochs = max(1, math.floor(compute / per_epoch))
        recipe = replace(self.config.recipe, epochs=epochs)
        batches, validation = self.data.training(recipe, seed=seed), self.data.validation()
        curve = []
        for event in Trainer(network, recipe, batches, validation, seed=seed).run():
            if (accuracy := getattr(event, "validation_accuracy", None)) is not None:
                curve.append((event.epoch * per_epoch, accuracy))
        return network.eval(), epochs * per_epoch, curve


def searched(ground: Ground, compute: float, *, strategy: str) -> Trained:
    """A search for half of the compute, as a user runs it, then the best for the other half."""
    own = (("largest_step", ground.setting.largest_step), ("patience", 4.0))
    settings = own if strategy == "grow" else ()
    config = replace(ground.config, strategy=strategy, strategy_settings=settings)
    with tempfile.TemporaryDirectory() as name:
        folder = SearchFolder(Path(name) / "search")
        runner = Runner(config, ground.data, folder)
        runner.run(ground.start)
        spent, best, curve = 0.0, 0.0, []
        for ended in runner.search.ended:
            spent += ended.result.compute
            best = max(best, ended.result.accuracy or 0.0)
            curve.append((spent, best))
        assert runner.search.best is not None
        network = folder.read_trial(runner.search.best.number)
    network, more, later = ground.train(network, max(0.0, compute - spent))
    return network, spent + more, curve + [(spent + c, a) for c, a in later]


def rest(ground: Ground, compute: float) -> Trained:
    """A copy of the start network, trained on."""
    return ground.train(inherit(ground.start, Lineage()), compute)


def scaled(ground: Ground, compute: float, *, parameters: int, inherited: bool) -> Trained:
    """The start network as large as the winner, trained from scratch or from its weights."""
    steps: list[Widen] = []
    architecture = ground.start.architecture
    for factor in (1 + share / 20 for share in range(1, 400)):
        steps, architecture = _widened(ground.start.architecture, factor)
        if architecture.cost.parameters >= parameters:
            break
    if inherited:
        return ground.train(inherit(ground.start, Lineage(tuple(steps))), compute)
    return ground.train(build_network(architecture, seed=ground.seed), compute)


def _widened(architecture: Architecture, factor: float) -> tuple[list[Widen], Architecture]:
    steps = []
    for layer in architecture.skeleton.hidden_layers().values():
        if (width := round(layer.width * factor)) > layer.width:
            steps.append(Widen(layer.name, width))
            architecture = architecture.after(steps[-1])
    return steps, architecture


def run(ground: Ground, arm: str, train: Callable[[], Trained]) -> Run:
    """An arm, looked at on the test images once."""
    began = time.process_time()
    network, compute, curve = train()
    predictions, labels = predict(network, ground.data.test())
    hits = (predictions == labels).tolist()
    found = Run(
        setting=ground.name,
        seed=ground.seed,
        arm=arm,
        accuracy=sum(hits) / len(hits),
        parameters=network.architecture.cost.parameters,
        compute=compute,
        seconds=time.process_time() - began,
        curve=curve,
        hits=f"{int(''.join(str(int(hit)) for hit in hits), 2):x}",
    )
    print(
        f"{arm:<18} seed {ground.seed}: {found.accuracy:.2%}, {found.parameters:,} parameters,"
        f" {compute:.3g} multiply-adds, {found.seconds:.0f} s",
        flush=True,
    )
    return found


def run_seed(name: str, seed: int, asked: Sequence[str], record: Path) -> None:
    """The arms of a seed that are asked for and not in the record yet."""
    setting = SETTINGS[name]
    done = {found.arm: found for found in read_runs(record, Run) if found.seed == seed}
    if done.keys() >= set(asked):
        return
    ground, compute = Ground(name, seed), setting.compute * 1e12

    def larger(arm: str) -> Trained:
        size = done["grow"].parameters
        return scaled(ground, compute, parameters=size, inherited=arm != "scaled")

    arms: dict[str, Callable[[], Trained]] = {
        "start": lambda: (ground.start, 0.0, []),
        "rest": partial(rest, ground, compute),
    }
    for strategy in ("grow", *PAPERS):
        arms[strategy] = partial(searched, ground, compute, strategy=strategy)
    for arm in ("scaled", "scaled, inherited"):
        arms[arm] = partial(larger, arm)
    for arm in asked:
        if arm not in done:
            done[arm] = run(ground, arm, arms[arm])
            keep_run(record, asdict(done[arm]))


def main() -> None:
    """Run what is not in the record yet, and write the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--setting", choices=SETTINGS, default="saturated")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    record = FOLDER / f"growing-{arguments.setting}.jsonl"
    # The paper's strategies last, so that the first answers come early.
    own = [arm for arm in SETTINGS[arguments.setting].arms if arm not in PAPERS]
    for asked in (["start", "grow", *own], SETTINGS[arguments.setting].arms):
        for seed in range(arguments.seeds):
            run_seed(arguments.setting, seed, asked, record)
    runs = read_runs(record, Run)
    options = f"--setting {arguments.setting} --seeds {arguments.seeds}"
    text = (
        f"### Growing, setting `{arguments.setting}`\n\n"
        f"`python -m benchmarks.growing {options}`. The last column: of the compute of `scaled`,"
        " what an arm took to come to its last accuracy on the validation images.\n\n"
        f"{summary(runs)}\n\n{draw(arguments.setting, runs)}\n\n{machine()}"
    )
    print(text)
    write_section(f"growing {arguments.setting}", text)


if __name__ == "__main__":
    main()
