"""Which start network `search` starts from: the preset's, a checkpoint's, or an adopted one."""

import argparse
from dataclasses import replace

from search_engine.architecture import (
    FAMILIES,
    AdoptedConfig,
    ImageShape,
    SkeletonConfig,
    search_space_of,
)
from search_engine.command_line.adopted_options import exported_file, is_adopted, read_adopted
from search_engine.config import SearchConfig
from search_engine.data import Dataset
from search_engine.errors import InvalidConfig
from search_engine.networks import Network
from search_engine.networks.adopted import adopt


def fit(
    arguments: argparse.Namespace, config: SearchConfig, dataset: Dataset, start: Network | None
) -> tuple[SearchConfig, Network | None]:
    """The config with the start network that the options name, for a data set's images and classes.

    Args:
        arguments: with `network`, `sites` and `weights`.
        config: of the preset.
        dataset: whose images and classes it is for.
        start: a trained start network that was given.

    Returns:
        The config, and the network whose weights the start network's training begins with.

    Raises:
        SearchEngineError: options that do not go together, or no such network, sites or weights.
    """
    image, classes = ImageShape(*dataset.image_shape), len(dataset.class_names)
    _check(arguments, start)
    if arguments.network is None:
        skeleton = config.skeleton
        if start is not None and isinstance(start.architecture.skeleton, AdoptedConfig):
            return _with(config, start.architecture.skeleton), None
        return replace(config, skeleton=replace(skeleton, image=image, classes=classes)), None
    skeleton, _ = read_adopted(arguments, image, classes)
    weights = arguments.weights or exported_file(arguments.network)
    initial = None
    if weights is not None:
        initial = adopt(skeleton, weights=weights, seed=config.seed)
    return _with(config, skeleton), initial


def _with(config: SearchConfig, skeleton: SkeletonConfig) -> SearchConfig:
    return replace(config, skeleton=skeleton, space=search_space_of(skeleton, config.space))


def _check(arguments: argparse.Namespace, start: Network | None) -> None:
    network = arguments.network
    if network in FAMILIES:
        raise InvalidConfig(
            "--network",
            f"a preset has its own; expected torchvision:NAME or exported:FILE, got {network}",
        )
    if network is not None and start is not None:
        raise InvalidConfig("--start", "a checkpoint brings its own network: leave out --network")
    for name in ("sites", "weights"):
        if getattr(arguments, name) is not None and not is_adopted(network or ""):
            raise InvalidConfig(f"--{name}", "it goes with --network torchvision:… or exported:…")
