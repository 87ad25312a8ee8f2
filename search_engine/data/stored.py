"""A data set as one file, for the other processes of a training: tensors and JSON, no pickle."""

import json
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from search_engine.data.augmentation import Augmentation
from search_engine.data.dataset import Dataset
from search_engine.errors import DatasetError

_HEADER = "dataset"
_TEXTS = ("name", "licence", "source")


def store_dataset(dataset: Dataset, path: Path) -> None:
    """Write a data set, in place of what is there.

    Args:
        dataset: all images.
        path: of the file.
    """
    texts = {name: getattr(dataset, name) for name in _TEXTS}
    header = {
        **texts,
        "class_names": dataset.class_names,
        "augmentation": dataset.augmentation.to_json(),
    }
    # Stored channels last, as data sets are best held; safetensors writes plain tensors only.
    pixels = dataset.images.permute(0, 2, 3, 1).contiguous()
    tensors = {"pixels": pixels, "labels": dataset.labels, "test": dataset.test}
    new = path.with_name(f"{path.name}.new")
    save_file(tensors, new, metadata={_HEADER: json.dumps(header)})
    new.replace(path)


def stored_dataset(path: Path) -> Dataset:
    """The data set in a file that `store_dataset` wrote.

    Raises:
        DatasetError: missing or damaged; the message names the file.
    """
    try:
        with safe_open(path, framework="pt") as file:
            header = json.loads((file.metadata() or {})[_HEADER])
            tensors: dict[str, torch.Tensor] = {
                name: file.get_tensor(name) for name in ("pixels", "labels", "test")
            }
        return Dataset(
            images=tensors["pixels"].permute(0, 3, 1, 2),
            labels=tensors["labels"],
            test=tensors["test"],
            class_names=tuple(header["class_names"]),
            augmentation=Augmentation.from_json(header["augmentation"]),
            **{name: str(header[name]) for name in _TEXTS},
        )
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise DatasetError(str(path), f"not a stored data set: {error}") from None
