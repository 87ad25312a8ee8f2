"""Images to train on: sources, disjoint splits, augmentation, and batches on the device."""

from search_engine.data.augmentation import Augmentation, apply_changes, augment, draw_changes
from search_engine.data.batches import Batch, Batches, DeviceImages
from search_engine.data.catalogue import DEFAULT_FOLDER, available_datasets, load_dataset
from search_engine.data.dataset import Dataset, Statistics
from search_engine.data.folder import read_folder
from search_engine.data.published import Description
from search_engine.data.split_dataset import SplitDataset
from search_engine.data.splits import Splits
from search_engine.pictures.entries import Limits

__all__ = [
    "DEFAULT_FOLDER",
    "Augmentation",
    "Batch",
    "Batches",
    "Dataset",
    "Description",
    "DeviceImages",
    "Limits",
    "SplitDataset",
    "Splits",
    "Statistics",
    "apply_changes",
    "augment",
    "available_datasets",
    "draw_changes",
    "load_dataset",
    "read_folder",
]
