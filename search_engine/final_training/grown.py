"""The network that a final training starts from: fresh, or grown from a trial's."""

from dataclasses import replace
from itertools import islice
from pathlib import Path

import torch

from search_engine.architecture import Lineage, Morph
from search_engine.checkpoint import load_checkpoint, read_description
from search_engine.errors import InvalidConfig
from search_engine.final_training.config import FinalTrainingConfig, Weights
from search_engine.final_training.placement import growth_plan
from search_engine.networks import CellModule, CondenseNet, Network, NodeModule, build_network
from search_engine.search_data import SearchData
from search_engine.transforms import inherit

CALIBRATION_BATCHES = 10


def first_network(
    config: FinalTrainingConfig, data: SearchData, checkpoint: Path | None, device: torch.device
) -> Network:
    """The network before its first epoch.

    Args:
        config: of the training.
        data: divided; new layers are calibrated on its training images.
        checkpoint: folder of the trial's network, for grown weights.
        device: where the network shall live.

    Raises:
        InvalidConfig: of `weights`: the trial's weights cannot go there.
        CheckpointError: the trial's checkpoint is damaged.
    """
    if config.weights is Weights.SCRATCH:
        return build_network(config.architecture, seed=config.seed, device=device)
    if checkpoint is None:
        raise InvalidConfig("weights", "grown weights need the checkpoint of a trial, got none")
    _check_classes(checkpoint, data)
    found = load_checkpoint(checkpoint, device=device)
    if isinstance(found, CondenseNet) and found.is_converted:
        raise InvalidConfig("weights", "a CondenseNet in converted form is not trained further")
    plan = growth_plan(found.architecture, config.architecture)
    if plan:
        batches = [images for images, _ in islice(data.plain_training(), CALIBRATION_BATCHES)]
        found = inherit(found, Lineage(plan, config.seed, Morph()), batches)
    _set_drop_path(found, config.skeleton.drop_path)
    return found.train()


def _check_classes(checkpoint: Path, data: SearchData) -> None:
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
