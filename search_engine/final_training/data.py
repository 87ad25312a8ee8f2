"""The images of a final training: checked, divided, and with the Cutout that is asked for."""

from dataclasses import replace

import torch

from search_engine.data import Dataset
from search_engine.errors import InvalidConfig
from search_engine.final_training.config import FinalTrainingConfig
from search_engine.search_data import SearchData


def final_data(config: FinalTrainingConfig, dataset: Dataset, device: torch.device) -> SearchData:
    """The images as a final training sees them.

    Args:
        config: of the training.
        dataset: all images.
        device: that trains.

    Raises:
        InvalidConfig: images or classes are not the skeleton's.
        DatasetError: there are too few images.
    """
    check_dataset(config, dataset)
    if config.cutout is not None:
        augmentation = replace(dataset.augmentation, cutout=config.cutout)
        dataset = replace(dataset, augmentation=augmentation)
    return SearchData(dataset, config.data, seed=config.data.seed, device=device)


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
