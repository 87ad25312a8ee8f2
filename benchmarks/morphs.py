"""Which morph gives the better child? The same cells from the same start network, born in four
ways.

    python -m benchmarks.morphs [--cells 10]

`annealed` opens its gates over the first half of the fine-tuning, `distilled` is taught by its
parent's logits first, `abrupt` is neither (the gates are gone at init), `scratch` has random
weights. Digits, the recipe of the preset `digits-demo`; accuracies on its validation images. Writes
its table into `docs/results.md`.
"""

import argparse
import random
import statistics
import time
from dataclasses import replace

import torch

from benchmarks.report import machine, table
from benchmarks.results import write_section
from search_engine.data import SplitDataset, load_dataset
from search_engine.networks import Network, build_network
from search_engine.search.evaluation import Evaluator, train_start_network
from search_engine.search.trials import Trial, trial_seed
from search_engine.spec import Lineage, Morph, MorphKind, sample
from search_engine.spec.presets import preset
from search_engine.spec.search_config import SearchConfig
from search_engine.strategies import Proposal
from search_engine.training.metrics import evaluate
from search_engine.transforms import inherit, remove_gates


def arms(config: SearchConfig) -> dict[str, SearchConfig]:
    """The four ways, as configs of a search."""
    return {
        "annealed": config,
        "distilled": replace(config, morph=Morph(MorphKind.DISTILLED)),
        "abrupt": replace(config, recipe=replace(config.recipe, annealing=0.0)),
        "scratch": replace(config, inherit=False),
    }


def accuracy_at_birth(
    arm: str, config: SearchConfig, data: SplitDataset, start: Network, trial: Trial
) -> float:
    """Accuracy before any fine-tuning."""
    if arm == "scratch":
        child = build_network(trial.lineage(config).architecture(start.architecture), seed=0)
    else:
        lineage = Lineage(trial.proposal.transformations, trial.seed, config.morph)
        child = inherit(start, lineage, data.calibration())
    if arm == "abrupt":
        remove_gates(child)
    return evaluate(child, data.validation()).accuracy


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=10)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    config = preset("digits-demo")
    data = SplitDataset(load_dataset(config.data.name), config.data, seed=config.split_seed)
    start, result = train_start_network(config, data)
    growths = [sample(config.space, random.Random(seed)) for seed in range(arguments.cells)]
    trials = [
        Trial(number, Proposal(growth.transformations), trial_seed(config.seed, number))
        for number, growth in enumerate(growths, start=1)
    ]
    rows = []
    for arm, settings in arms(config).items():
        born, ended, seconds = [], [], []
        evaluator = Evaluator(settings, data, start)
        for trial in trials:
            born.append(accuracy_at_birth(arm, settings, data, start, trial))
            began = time.perf_counter()
            ended.append(evaluator.evaluate(trial).result.accuracy or 0.0)
            seconds.append(time.perf_counter() - began)
        rows.append(
            [
                arm,
                f"{100 * statistics.fmean(born):.2f}",
                f"{100 * statistics.fmean(ended):.2f} ± {100 * statistics.stdev(ended):.2f}",
                f"{statistics.fmean(seconds):.1f}",
            ]
        )
        print(rows[-1], flush=True)
    text = (
        f"### Morphs: {arguments.cells} cells on digits\n\n"
        f"Validation accuracy in percent; the start network has {result.accuracy:.2%}."
        f" Mean ± standard deviation over cells. `python -m benchmarks.morphs`\n\n"
        f"{table(['morph', 'at init', 'after 4 epochs', 'seconds a child'], rows)}\n\n{machine()}"
    )
    print(text)
    write_section("morphs", text)


if __name__ == "__main__":
    main()
