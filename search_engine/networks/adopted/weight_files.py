"""Weights from files that strangers give, without unpickling or running anything.

Of a `.pt2` archive, which `torch.export.save` writes, the graph is read as JSON and each tensor as
plain bytes. What is pickled in it is left alone: sample inputs are not needed, and pickled weights
are refused. Other files are safetensors, or torch's own format with tensors only.
"""

import json
import math
import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from search_engine.networks.adopted.torchvision_nets import State
from search_engine.spec.errors import CheckpointError

MAX_GRAPH_BYTES = 64 * 2**20
_WEIGHTS, _CONSTANTS = "data/weights", "data/constants"
_TYPES: Mapping[int, torch.dtype] = {
    1: torch.uint8,
    2: torch.int8,
    3: torch.int16,
    4: torch.int32,
    5: torch.int64,
    6: torch.float16,
    7: torch.float32,
    8: torch.float64,
    12: torch.bool,
    13: torch.bfloat16,
}
"""torch.export's numbers of the types, from `torch/_export/serde/schema.py` of torch 2.11."""
_ADVICE = (
    "write it with torch.export.save(torch.export.export(network, (images,)), path): what"
    " torch.save writes is a pickle, which is never opened"
)


_NESTED = ("state_dict", "model", "model_state_dict")
"""Where files keep a state dict that is not their outermost object."""


class Archive:
    """A `.pt2` file.

    Raises:
        CheckpointError: it is none, or damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: dict[tuple[Any, ...], Tensor] = {}
        self._bytes = 0
        try:
            self._zip = zipfile.ZipFile(path)
        except OSError as error:
            self.fail(error.strerror or str(error))
        except zipfile.BadZipFile:
            self.fail(f"expected an archive of torch.export.save, got no zip; {_ADVICE}")
        names = self._zip.namelist()
        graphs = [name for name in names if name.endswith("/models/model.json")]
        if len(graphs) != 1:
            self.fail(f"expected an archive of torch.export.save with one model; {_ADVICE}")
        self._root = graphs[0].removesuffix("models/model.json")
        if self._read("byteorder", 64).strip() not in (b"little", b""):
            self.fail("expected little-endian tensors")

    def fail(self, reason: str) -> NoReturn:
        """Raise what is wrong with the file."""
        raise CheckpointError(str(self.path), reason)

    def graph(self) -> dict[str, Any]:
        """The exported program as torch.export describes it."""
        return self._json("models/model.json")

    def tensors(self) -> dict[str, Tensor]:
        """Weights, buffers and constants by name; floating-point ones as float32."""
        found: dict[str, Tensor] = {}
        self._seen, self._bytes = {}, 0
        for folder, kind in ((_WEIGHTS, "weights"), (_CONSTANTS, "constants")):
            config = self._json(f"{folder}/model_{kind}_config.json").get("config")
            if not isinstance(config, dict):
                self.fail(f"the list of its {kind} is damaged")
            for name, entry in config.items():
                found[name] = self._tensor(folder, name, entry)
        return found

    def _tensor(self, folder: str, name: str, entry: Any) -> Tensor:
        if not isinstance(entry, dict) or entry.get("use_pickle") is not False:
            self.fail(
                f"{name} is pickled in it, and nothing is unpickled here: give the weights in a"
                " safetensors file"
            )
        try:
            described = entry["tensor_meta"]
            kind = _TYPES[described["dtype"]]
            sizes, strides = (
                [int(number["as_int"]) for number in described[field]]
                for field in ("sizes", "strides")
            )
            offset = int(described["storage_offset"]["as_int"])
            member = f"{folder}/{entry['path_name']}"
            return self._stored(member, kind, sizes, strides, offset)
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            self.fail(f"tensor {name[:100]} is damaged: {error}")

    def _stored(
        self, member: str, kind: torch.dtype, sizes: list[int], strides: list[int], offset: int
    ) -> Tensor:
        """A tensor of a member's bytes; the same one where weights are shared.

        Whatever sizes and strides say, all of them together have no more bytes than the file.
        """
        what = (member, kind, *sizes, None, *strides, offset)
        if what not in self._seen:
            size = self.path.stat().st_size
            self._bytes += math.prod(map(abs, sizes)) * kind.itemsize
            if self._bytes > size:
                raise ValueError("its sizes are larger than what is stored")
            tensor = _view(self._read(member, size), kind, sizes, strides, offset)
            self._seen[what] = tensor.float() if kind.is_floating_point else tensor
        return self._seen[what]

    def _json(self, name: str) -> dict[str, Any]:
        try:
            document = json.loads(self._read(name, MAX_GRAPH_BYTES))
        except (ValueError, RecursionError):
            self.fail(f"{name} is not JSON")
        if not isinstance(document, dict):
            self.fail(f"{name} holds no object")
        return document

    def _read(self, name: str, limit: int) -> bytes:
        """A member's bytes; torch stores them uncompressed, so none is larger than the file."""
        try:
            member = self._zip.getinfo(self._root + name)
            if member.file_size > limit or member.compress_type != zipfile.ZIP_STORED:
                self.fail(f"{name} is compressed, or larger than {limit:,} bytes")
            return self._zip.read(member)
        except (KeyError, zipfile.BadZipFile, OSError, EOFError) as error:
            self.fail(f"{name} is missing or damaged: {error}")


def _view(
    raw: bytes, kind: torch.dtype, sizes: list[int], strides: list[int], offset: int
) -> Tensor:
    """A tensor over bytes. torch checks that it stays within them."""
    if not math.prod(sizes):
        return torch.empty(sizes, dtype=kind)
    flat = torch.frombuffer(bytearray(raw), dtype=kind)
    return torch.as_strided(flat, sizes, strides, offset).clone(
        memory_format=torch.contiguous_format
    )


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
