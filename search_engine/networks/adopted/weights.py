"""Weights from files: safetensors, or torch's own format read without unpickling anything else."""

import pickle
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from search_engine.errors import CheckpointError
from search_engine.networks.adopted.torchvision_nets import State

_NESTED = ("state_dict", "model", "model_state_dict")


def read_state(path: Path) -> State:
    """A state dict from a file.

    A `.safetensors` file holds numbers only. A `.pth` or `.pt` file is a pickle, so it is read by
    torch's reader that builds tensors and nothing else (`weights_only=True`).

    Args:
        path: of the file; its ending says what it is.

    Raises:
        CheckpointError: there is none, or it holds anything but tensors.
    """
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise CheckpointError(str(path), error.strerror or str(error)) from None
    except SafetensorError as error:
        raise CheckpointError(str(path), f"not a safetensors file: {error}") from None
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError) as error:
        reason = " ".join(str(error).split())[:200]
        raise CheckpointError(str(path), f"it does not hold plain tensors: {reason}") from None
    return _tensors(loaded, path)


def _tensors(loaded: object, path: Path) -> State:
    """The tensors by name, also where they lie one level deeper or came from several devices."""
    if isinstance(loaded, dict):
        loaded = next(
            (loaded[name] for name in _NESTED if isinstance(loaded.get(name), dict)), loaded
        )
    if not isinstance(loaded, dict) or not all(
        isinstance(name, str) and isinstance(tensor, Tensor) for name, tensor in loaded.items()
    ):
        raise CheckpointError(str(path), "expected tensors by name, as in a state dict")
    prefix = "module."
    if loaded and all(name.startswith(prefix) for name in loaded):
        return {name.removeprefix(prefix): tensor for name, tensor in loaded.items()}
    return dict(loaded)
