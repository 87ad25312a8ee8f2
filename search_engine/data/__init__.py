"""Images to train on: sources, disjoint splits, augmentation, and batches on the device."""

from search_engine.data.augmentation import (
    Augmentation,
    apply_changes,
    augment,
    draw_changes,
)
from search_engine.data.batches import Batch, Batches
from search_engine.data.dataset import Dataset
from search_engine.data.device_images import DeviceImages
from search_engine.data.folder import read_folder
from search_engine.data.image_files import Limits
from search_engine.data.published import Description
from search_engine.data.sources import DEFAULT_FOLDER, available_datasets, load_dataset
from search_engine.data.splits import Splits
from search_engine.data.statistics import Statistics

__all__ = [
    "DEFAULT_FOLDER",
    "Augmentation",
    "Batch",
    "Batches",
    "Dataset",
    "Description",
    "DeviceImages",
    "Limits",
    "Splits",
    "Statistics",
    "apply_changes",
    "augment",
    "available_datasets",
    "draw_changes",
    "load_dataset",
    "read_folder",
]
