"""Images to train on: sources, disjoint splits, augmentation, and batches on the device."""

from search_engine.data.augmentation import Augmentation, apply_changes, augment, draw_changes
from search_engine.data.batches import Batch, Batches, DeviceImages
from search_engine.data.catalogue import available_datasets, load_dataset
from search_engine.data.dataset import Dataset, Statistics
from search_engine.data.folder import read_folder
from search_engine.data.published import Description
from search_engine.data.split_dataset import SplitDataset
from search_engine.data.splits import Splits
from search_engine.pictures.entries import Limits
