"""Checkpoints: one network's weights (safetensors) beside a readable description (JSON).

A checkpoint is a folder with `weights.safetensors` and `checkpoint.json`; nothing is unpickled. It
may lie in a zip, as the application gives it. Of a zip only these two files are taken out, into a
folder that is removed afterwards; names in the archive choose no path on the disk.
"""

import hashlib
import json
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import torch
from safetensors.torch import load_file, save_file

from search_engine.files import named_in_errors
from search_engine.networks import CondenseNet, Network, build_empty
from search_engine.spec import Lineage
from search_engine.spec.description import Description, TrainedOn
from search_engine.spec.documents import MAX_DOCUMENT_BYTES, parse_document
from search_engine.spec.errors import CheckpointError

WEIGHTS = "weights.safetensors"
DESCRIPTION = "checkpoint.json"
MAX_WEIGHTS_BYTES = 16 * 2**30
MAX_SHRUNK = 2
"""Weights that were trained hardly get smaller in a zip; what gets far smaller fills disks."""
_ELSEWHERE = {
    ".onnx": "an ONNX network: run it with onnxruntime",
    ".pt2": "a torch.export program: load it with torch.export.load",
    ".py": "a generated network: import it, and call its load()",
}


def save_checkpoint(
    network: Network,
    folder: Path,
    *,
    lineage: Lineage | None = None,
    trained_on: TrainedOn | None = None,
    metrics: dict[str, float] | None = None,
) -> Description:
    """Write a network's checkpoint.

    Args:
        network: a plain network, on any device.
        folder: made if missing; files in it are replaced.
        lineage: how it came from its start network.
        metrics: what was measured, such as `{"accuracy": 0.94}`.

    Raises:
        CheckpointError: the network is still being morphed; its gates would be lost.
    """
    if network.gates():
        raise CheckpointError(str(folder), "the network is still being morphed: remove its gates")
    folder.mkdir(parents=True, exist_ok=True)
    state = {name: tensor.contiguous().cpu() for name, tensor in network.state_dict().items()}
    weights = folder / f"{WEIGHTS}.new"
    save_file(state, weights)
    description = Description(
        network.architecture,
        lineage,
        trained_on,
        isinstance(network, CondenseNet) and network.is_converted,
        metrics or {},
        _sha256(weights),
    )
    text = folder / f"{DESCRIPTION}.new"
    text.write_text(json.dumps(description.to_json(), indent=2) + "\n", encoding="utf-8")
    # Renamed when complete, so that a crash leaves no half-written file under a checkpoint's names.
    weights.replace(folder / WEIGHTS)
    text.replace(folder / DESCRIPTION)
    return description


def read_description(folder: Path) -> Description:
    """What a checkpoint says of its network, without loading the weights.

    Raises:
        CheckpointError: missing or malformed; the message names the file.
    """
    path = folder / DESCRIPTION
    with named_in_errors(path):
        return Description.from_json(parse_document(path.read_bytes(), "checkpoint"))


def load_checkpoint(folder: Path, *, device: torch.device | str = "cpu") -> Network:
    """The network of a checkpoint, in eval mode.

    Raises:
        CheckpointError: a file is missing, damaged, or does not belong to the description.
    """
    description = read_description(folder)
    path = folder / WEIGHTS
    with named_in_errors(path):
        if _sha256(path) != description.weights_sha256:
            raise CheckpointError(str(path), "the file is not the one that was saved (SHA-256)")
        state = load_file(path, device=str(device))
    network = build_empty(description.architecture, device="meta", converted=description.converted)
    try:
        network.load_state_dict(state, assign=True)
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:300]
        raise CheckpointError(str(path), f"the weights do not fit: {reason}") from None
    network.requires_grad_()
    return network.eval()


@contextmanager
def open_checkpoint(path: Path, limit_bytes: int = MAX_WEIGHTS_BYTES) -> Iterator[Path]:
    """The folder of a checkpoint, while the `with` lasts.

    Args:
        path: a folder with a checkpoint's two files, or a zip that holds them.
        limit_bytes: the most that a zip's weights may unpack to.

    Raises:
        CheckpointError: there is nothing, or something else, or the zip is damaged or too large.
    """
    if path.is_dir() or not path.exists():
        yield path  # what is missing is named by who reads it
        return
    if path.suffix in _ELSEWHERE:
        raise CheckpointError(str(path), f"expected a checkpoint, got {_ELSEWHERE[path.suffix]}")
    with tempfile.TemporaryDirectory(prefix="espalier-") as folder:
        try:
            with zipfile.ZipFile(path) as archive:
                _extract(archive, path, Path(folder), limit_bytes)
        except (zipfile.BadZipFile, zlib.error, RuntimeError, OSError, EOFError) as error:
            reason = f"expected a checkpoint's folder or zip: {error}"
            raise CheckpointError(str(path), reason) from None
        yield Path(folder)


def _extract(archive: zipfile.ZipFile, path: Path, folder: Path, limit_bytes: int) -> None:
    found = [name for name in archive.namelist() if PurePosixPath(name).name == DESCRIPTION]
    if len(found) != 1:
        raise CheckpointError(str(path), f"expected one {DESCRIPTION} in it, got {len(found)}")
    beside = PurePosixPath(found[0]).parent
    for name, limit in ((DESCRIPTION, MAX_DOCUMENT_BYTES), (WEIGHTS, limit_bytes)):
        try:
            member = archive.getinfo(str(beside / name))
        except KeyError:
            raise CheckpointError(str(path), f"{name} is missing beside {DESCRIPTION}") from None
        if member.file_size > limit:
            raise CheckpointError(str(path), f"{name} is larger than {limit:,} bytes")
        if name == WEIGHTS and member.file_size > MAX_SHRUNK * member.compress_size:
            raise CheckpointError(str(path), f"{name} unpacks to far more than trained weights do")
        # zipfile reads no more than the declared size, so the limit holds.
        with archive.open(member) as source, (folder / name).open("wb") as target:
            shutil.copyfileobj(source, target)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
