"""Reading the archive that `torch.export.save` writes, without unpickling or running anything.

It is a zip with the graph as JSON and each tensor as plain bytes. What is pickled in it is left
alone: sample inputs are not needed, and pickled weights are refused.
"""

import json
import math
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import torch
from torch import Tensor

from search_engine.errors import CheckpointError

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


class Archive:
    """A `.pt2` file.

    Args:
        path: of the file.

    Raises:
        CheckpointError: it is none, or damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
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
            raw = self._read(f"{folder}/{entry['path_name']}", self.path.stat().st_size)
            tensor = _view(raw, kind, sizes, strides, offset)
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            self.fail(f"tensor {name[:100]} is damaged: {error}")
        return tensor.float() if kind.is_floating_point else tensor

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
