"""What is the recipe for pretrained networks worth? On few images of classes that are new to one.

    python -m benchmarks.fine_tuning [--model resnet18] [--known 1500] [--images 20 100] [--seeds 3]

A torchvision network learns five classes of `clothing`. From its weights it is trained on a few
images of the other five, for as many epochs by each arm, and meets 2,000 of their test images once:

    fresh          from fresh weights, as a plan trains a network of its own
    plain          from the weights, by the settings of children, at a rate of 0.02
    layers         and a small rate for old layers, the last layer first, smoothed labels
    photographs    and the changes for photographs, in place of layers'
    recipe         all of it: `fine_tuned`

Prints a table, with the gain over `plain`: its mean over the seeds and the interval of Student's t.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean, stdev
from typing import Any

import torch

from benchmarks.report import machine, table
from search_engine.data import Dataset, SplitDataset, load_dataset
from search_engine.networks.adopted import AdoptedNetwork, adopt, outline_torchvision
from search_engine.search.evaluation import train_start_network
from search_engine.spec import ImageShape, Normalisation
from search_engine.spec import search_space_of as space_of
from search_engine.spec.fine_tuning import FINE_TUNING, PHOTOGRAPHS
from search_engine.spec.photo_augmentation import PhotoAugmentation
from search_engine.spec.recipe import Recipe
from search_engine.spec.search_config import DataConfig, SearchConfig
from search_engine.spec.start_training import ONE_ROUND
from search_engine.training.metrics import evaluate

KNOWN, NEW = range(5), range(5, 10)
TESTED = 400
"""Test images of each class."""
PLAIN = Recipe(epochs=FINE_TUNING.epochs, batch_size=32, learning_rate=0.02)
ARMS = {
    "fresh": replace(PLAIN, learning_rate=0.1),
    "plain": PLAIN,
    "layers": replace(FINE_TUNING, augmentation=PhotoAugmentation()),
    "photographs": replace(PLAIN, augmentation=PHOTOGRAPHS),
    "recipe": FINE_TUNING,
}
STUDENT_T = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776}
"""By the number of seeds: 95 % of the means lie within so many standard errors."""


def of_classes(dataset: Dataset, classes: Sequence[int], each: int, seed: int) -> Dataset:
    """So many training images of each of these classes, and their first test images."""
    generator = torch.Generator().manual_seed(seed)
    is_test = torch.zeros(len(dataset), dtype=torch.bool)
    is_test[dataset.test] = True
    chosen = []
    for label in classes:
        left = ((dataset.labels == label) & ~is_test).nonzero().flatten()
        chosen.append(left[torch.randperm(len(left), generator=generator)[:each]])
        chosen.append(((dataset.labels == label) & is_test).nonzero().flatten()[:TESTED])
    rows = torch.cat(chosen)
    return replace(
        dataset,
        images=dataset.images[rows].contiguous(memory_format=torch.channels_last),
        labels=dataset.labels[rows] - classes[0],
        class_names=tuple(dataset.class_names[label] for label in classes),
        test=is_test[rows].nonzero().flatten(),
    )


def trained(
    model: str,
    dataset: Dataset,
    recipe: Recipe,
    normalisation: Normalisation,
    *,
    seed: int,
    initial: AdoptedNetwork | None = None,
) -> tuple[AdoptedNetwork, float]:
    """The network, trained, and its accuracy on the test images."""
    outline = outline_torchvision(model, ImageShape(*dataset.image_shape), len(KNOWN))
    skeleton = outline.with_normalisation(normalisation).config()
    config = SearchConfig(
        # One image of each class judges nothing here: no epoch is chosen.
        data=DataConfig(name=dataset.name, validation=5, calibration=5),
        skeleton=skeleton,
        start_recipe=recipe,
        start_rounds=ONE_ROUND,
        space=space_of(skeleton),
        seed=seed,
    )
    data = SplitDataset(dataset, config.data, seed=seed, normalisation=normalisation)
    initial = adopt(skeleton, seed=seed) if initial is None else initial
    network, _ = train_start_network(config, data, initial=initial)
    assert isinstance(network, AdoptedNetwork)
    return network, evaluate(network, data.test()).accuracy


def main() -> None:
    """Pretrain, fine-tune by each arm, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="resnet18")
    parser.add_argument("--known", type=int, default=1_500, help="of each class, to pretrain on")
    parser.add_argument("--arms", nargs="+", choices=ARMS, default=list(ARMS))
    parser.add_argument("--images", type=int, nargs="+", default=[20, 100], help="of each class")
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    clothing = load_dataset("clothing")
    known = of_classes(clothing, KNOWN, arguments.known, 0)
    statistics = known.statistics(torch.arange(len(known)))
    normalisation = Normalisation(statistics.mean, statistics.std)
    began = time.process_time()
    settings: dict[str, Any] = {"normalisation": normalisation}
    whole = Recipe(epochs=4, batch_size=64, learning_rate=0.05)
    pretrained, accuracy = trained(arguments.model, known, whole, seed=0, **settings)
    seconds = time.process_time() - began
    print(f"{arguments.model}, pretrained: {accuracy:.2%}, {seconds:.0f} s", flush=True)
    rows = []
    for each in arguments.images:
        found: dict[str, list[float]] = {arm: [] for arm in arguments.arms}
        took = dict.fromkeys(ARMS, 0.0)
        for seed in range(arguments.seeds):
            few = of_classes(clothing, NEW, each, seed)
            for arm in arguments.arms:
                recipe = ARMS[arm]
                initial = None if arm == "fresh" else fresh_head(pretrained, seed)
                began = time.process_time()
                _, accuracy = trained(
                    arguments.model, few, recipe, seed=seed, initial=initial, **settings
                )
                took[arm] += (time.process_time() - began) / arguments.seeds
                found[arm].append(accuracy)
                print(each, seed, arm, f"{accuracy:.2%}", flush=True)
        rows += [line(each, arm, found, took[arm]) for arm in arguments.arms]
    head = ["images of a class", "arm", "test accuracy, %", "gain over plain, points", "95 %", "s"]
    print(machine())
    print(table(head, rows))


def fresh_head(network: AdoptedNetwork, seed: int) -> AdoptedNetwork:
    """The pretrained network with a last layer that knows none of the new classes."""
    other = network.for_classes(len(NEW) + 1, seed)  # a last layer is new where the number differs
    return other.for_classes(len(NEW), seed)


def line(each: int, arm: str, found: dict[str, list[float]], seconds: float) -> list[str]:
    """A line of the table."""
    gains = [100 * (a - b) for a, b in zip(found[arm], found["plain"], strict=True)]
    reach = STUDENT_T[len(gains)] * stdev(gains) / len(gains) ** 0.5
    mean = fmean(gains)
    interval = f"{mean - reach:+.2f} to {mean + reach:+.2f}"
    accuracies = ", ".join(f"{100 * accuracy:.2f}" for accuracy in found[arm])
    gain = ["", ""] if arm == "plain" else [f"{mean:+.2f}", interval]
    return [str(each), arm, accuracies, *gain, f"{seconds:.0f}"]


if __name__ == "__main__":
    main()
