"""The images and the network that a final training begins with."""

from dataclasses import replace
from itertools import islice
from pathlib import Path

import torch

from search_engine.checkpoint import load_checkpoint, read_description
from search_engine.data import Dataset, SplitDataset
from search_engine.networks import (
    AdoptedNetwork,
    CellModule,
    CondenseNet,
    Network,
    NodeModule,
    build_network,
)
from search_engine.spec import Lineage, Morph
from search_engine.spec.errors import InvalidConfig
from search_engine.spec.final_training import FinalTrainingConfig, Weights
from search_engine.spec.placement import growth_plan
from search_engine.transforms import inherit

CALIBRATION_BATCHES = 10


def final_data(config: FinalTrainingConfig, dataset: Dataset, device: torch.device) -> SplitDataset:
    """The images of a final training: checked, split, and with the Cutout that its config asks for.

    Raises:
        InvalidConfig: images or classes are not the skeleton's.
        DatasetError: there are too few images.
    """
    check_dataset(config, dataset)
    if config.cutout is not None:
        augmentation = replace(dataset.augmentation, cutout=config.cutout)
        dataset = replace(dataset, augmentation=augmentation)
    return SplitDataset(
        dataset,
        config.data,
        seed=config.data.seed,
        device=device,
        normalisation=config.skeleton.own_normalisation,
    )


def check_dataset(config: FinalTrainingConfig, dataset: Dataset) -> None:
    """Check that the images and classes are those of the skeleton.

    Raises:
        InvalidConfig: they are not.
    """
    image = config.skeleton.image
    expected = (image.channels, image.height, image.width)
    if expected != dataset.image_shape:
        raise InvalidConfig(
            "skeleton.image",
            f"expected the data set's {dataset.image_shape} (channels, height, width),"
            f" got {expected}",
        )
    if config.skeleton.classes != len(dataset.class_names):
        raise InvalidConfig(
            "skeleton.classes",
            f"expected the data set's {len(dataset.class_names)}, got {config.skeleton.classes}",
        )


def first_network(
    config: FinalTrainingConfig, data: SplitDataset, checkpoint: Path | None, device: torch.device
) -> Network:
    """The network before its first epoch.

    Args:
        data: new layers are calibrated on its training images.
        checkpoint: folder of the trial's network, for grown weights; of the network that was
            brought in, for adopted ones.

    Raises:
        InvalidConfig: the trial's weights cannot be used in this network.
        CheckpointError: the trial's checkpoint is damaged.
    """
    if config.weights is Weights.SCRATCH:
        return build_network(config.architecture, seed=config.seed, device=device)
    if checkpoint is None:
        of = "a trial" if config.weights is Weights.GROWN else "the network that was brought in"
        reason = f"{config.weights} weights need the checkpoint of {of}, got none"
        raise InvalidConfig("weights", reason)
    found = load_checkpoint(checkpoint, device=device)
    if config.weights is Weights.GROWN:
        _check_classes(checkpoint, data)
    elif isinstance(found, AdoptedNetwork):
        found = found.for_classes(data.classes, config.seed)
    if isinstance(found, CondenseNet) and found.is_converted:
        raise InvalidConfig("weights", "a CondenseNet in converted form is not trained further")
    plan = growth_plan(found.architecture, config.architecture)
    if plan:
        batches = [images for images, _ in islice(data.plain_training(), CALIBRATION_BATCHES)]
        found = inherit(found, Lineage(plan, config.seed, Morph()), batches)
    _set_drop_path(found, config.skeleton.drop_path)
    return found.train()


def _check_classes(checkpoint: Path, data: SplitDataset) -> None:
    trained_on = read_description(checkpoint).trained_on
    if trained_on is not None and trained_on.class_names != data.dataset.class_names:
        raise InvalidConfig("weights", "the trial's classes are not those of the data set")


def _set_drop_path(network: Network, probability: float) -> None:
    for module in network.modules():
        if isinstance(module, CellModule | NodeModule):
            module.drop_path = probability
    architecture = network.architecture
    skeleton = replace(architecture.skeleton, drop_path=probability)
    network.architecture = replace(architecture, skeleton=skeleton)
