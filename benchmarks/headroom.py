"""What can larger networks reach on the demonstration's images? Little headroom, little to grow.

    python -m benchmarks.headroom

ChainNets of several widths and depths are trained from scratch in rounds, each a whole cosine of
the learning rate, until a round gains less than 0.3 points of the test images. Keeps each round as
a JSON line in `benchmarks/results/headroom.jsonl`; networks that are there to the end are not
trained again. Seconds are those of the processor, on one thread. Writes its table into
`docs/results.md`.
"""

import argparse
from dataclasses import asdict, dataclass

import torch

from benchmarks.records import FOLDER, keep_run, read_runs
from benchmarks.report import machine, table
from benchmarks.results import write_section
from search_engine.data import SplitDataset, load_dataset
from search_engine.networks import build_network
from search_engine.packed.train_start import MAX_ROUNDS, SATURATED, train_in_rounds
from search_engine.spec import Architecture, ChainNetConfig
from search_engine.spec.presets import preset

RECORD = FOLDER / "headroom.jsonl"
DEMO = preset("clothing-demo")


@dataclass(frozen=True)
class Round:
    """One round of a network's training; `train_in_rounds` says what its figures are."""

    network: str
    parameters: int
    multiply_adds: int
    number: int
    accuracy: float
    gain: float
    validation: float
    seconds: float


def chain(*widths: int, blocks: int = 1) -> ChainNetConfig:
    """A ChainNet of these widths, stage by stage."""
    changed = tuple(
        (f"stage{stage}_block{block}.cell", width)
        for stage, width in enumerate(widths, start=1)
        for block in range(1, blocks + 1)
        if width != widths[0] * 2 ** (stage - 1)
    )
    image = DEMO.skeleton.image
    return ChainNetConfig(
        image=image, stem_stride=2, blocks=blocks, channels=widths[0], widths=changed
    )


NETWORKS = {
    "8-8-8": chain(8, 8, 8),
    "8-16-32": chain(8, 16, 32),
    "8-32-64": chain(8, 32, 64),
    "16-32-64": chain(16, 32, 64),
    "8-8-8, 2 blocks": chain(8, 8, 8, blocks=2),
    "8-16-64": chain(8, 16, 64),
    "8-32-64, 2 blocks": chain(8, 32, 64, blocks=2),
    "16-64-128": chain(16, 64, 128),
}
"""By the widths of their three stages."""


def complete_networks() -> dict[str, list[Round]]:
    """The rounds of earlier runs, by network; one that was interrupted is left out."""
    found: dict[str, list[Round]] = {}
    for one in read_runs(RECORD, Round):
        found[one.network] = [*found.get(one.network, []), one] if one.number > 1 else [one]
    return {name: kept for name, kept in found.items() if _is_complete(kept)}


def _is_complete(kept: list[Round]) -> bool:
    return len(kept) == MAX_ROUNDS or kept[-1].gain < SATURATED


def summary(found: dict[str, list[Round]]) -> str:
    """The table, a network a line."""
    header = ["widths", "parameters", "multiply-adds", "rounds, %", "best, %", "s an epoch"]
    rows = [
        [
            name,
            f"{kept[0].parameters:,}",
            f"{kept[0].multiply_adds:,}",
            " ".join(f"{100 * one.accuracy:.2f}" for one in kept),
            f"{100 * max(one.accuracy for one in kept):.2f}",
            f"{min(one.seconds for one in kept):.1f}",
        ]
        for name, kept in sorted(found.items(), key=lambda item: item[1][0].parameters)
    ]
    return table(header, rows)


def main() -> None:
    """Train what is not there yet, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", nargs="*", choices=NETWORKS, default=list(NETWORKS))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    data = SplitDataset(load_dataset(DEMO.data.name), DEMO.data, seed=DEMO.split_seed)
    found = complete_networks()
    for name in arguments.networks:
        if name in found:
            continue
        network = build_network(Architecture.start(NETWORKS[name]), seed=0)
        cost = network.architecture.cost
        found[name] = []
        for one in train_in_rounds(network, DEMO.start_recipe, data):
            found[name].append(Round(name, cost.parameters, cost.multiply_adds, **asdict(one)))
            print(found[name][-1], flush=True)
            keep_run(RECORD, asdict(found[name][-1]))
    text = (
        "### clothing: what larger networks reach\n\n"
        f"{len(data.splits.train):,} training images, accuracy on the {len(data.splits.test):,}"
        f" test images after each round of {DEMO.start_recipe.epochs} epochs, one seed."
        f" `python -m benchmarks.headroom`\n\n{summary(found)}\n\n{machine()}"
    )
    print(text)
    write_section("headroom", text)


if __name__ == "__main__":
    main()
