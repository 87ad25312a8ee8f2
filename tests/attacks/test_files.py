"""Nothing of a file becomes larger than what is stored of it, and one limit holds for all."""

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from search_engine.checkpoint import (
    DESCRIPTION,
    WEIGHTS,
    load_checkpoint,
    open_checkpoint,
    save_checkpoint,
)
from search_engine.networks import build_network
from search_engine.networks.adopted.weight_files import Archive
from search_engine.spec import Architecture, ChainNetConfig, ImageShape
from search_engine.spec.errors import CheckpointError
from tests.webapp.adopted.driving import prepare
from webapp.adopted.models import AdoptedNetwork
from webapp.state import State

MIB = 1 << 20
STORED = torch.arange(1024, dtype=torch.float32).numpy().tobytes()


def entry(sizes: list[int], strides: list[int], path: str = "w0") -> dict[str, Any]:
    """A tensor as torch.export.save lists it."""
    numbers = {"sizes": sizes, "strides": strides}
    meta = {name: [{"as_int": n} for n in some] for name, some in numbers.items()}
    return {
        "path_name": path,
        "use_pickle": False,
        "tensor_meta": {"dtype": 7, "storage_offset": {"as_int": 0}, **meta},
    }


def archive(path: Path, entries: Mapping[str, Any]) -> Archive:
    with zipfile.ZipFile(path, "w") as packed:
        listed = json.dumps({"config": entries}).encode()
        contents: dict[str, bytes] = {
            "models/model.json": b"{}",
            "byteorder": b"little",
            "data/weights/model_weights_config.json": listed,
            "data/constants/model_constants_config.json": b'{"config": {}}',
            "data/weights/w0": STORED,
        }
        for name, content in contents.items():
            packed.writestr(f"net/{name}", content)
    return Archive(path)


@pytest.mark.parametrize(
    "entries",
    [
        {"a": entry([10**9], [0])},
        {"a": entry([10**12], [0])},
        {"a": entry([-(10**6), -(10**6)], [0, 0])},
        {str(n): entry([1024 - n], [1]) for n in range(8)},
        {str(n): entry([64, 8], [0, n]) for n in range(50)},
    ],
    ids=["4 GB", "4 TB", "minus times minus", "again and again", "many views"],
)
def test_strides_make_no_tensor_larger_than_its_bytes(
    tmp_path: Path, entries: Mapping[str, Any]
) -> None:
    with pytest.raises(CheckpointError, match=r"(larger than what is stored|damaged)"):
        archive(tmp_path / "net.pt2", entries).tensors()


def test_weights_that_are_shared_stay_shared(tmp_path: Path) -> None:
    tied = {name: entry([1024], [1]) for name in ("a", "b", "c", "d", "e", "f")}
    found = archive(tmp_path / "net.pt2", tied).tensors()
    assert found["a"] is found["f"] and found["a"][-1] == 1023


# --- checkpoints in zips --------------------------------------------------------------------------


@pytest.fixture
def pair(tmp_path: Path) -> dict[str, bytes]:
    """The two files of a checkpoint with weights that look trained."""
    network = build_network(Architecture.start(ChainNetConfig(image=ImageShape(1, 8, 8))), seed=3)
    save_checkpoint(network, tmp_path / "own", metrics={"accuracy": 0.5})
    return {name: (tmp_path / "own" / name).read_bytes() for name in (WEIGHTS, DESCRIPTION)}


def packed(contents: Mapping[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", how) as found:
        for name, content in contents.items():
            found.writestr(f"mine/{name}", content)
    return target.getvalue()


def test_a_bomb_is_not_unpacked(tmp_path: Path, pair: dict[str, bytes]) -> None:
    bomb = tmp_path / "bomb.zip"
    bomb.write_bytes(packed({**pair, WEIGHTS: bytes(64 * MIB)}))
    assert bomb.stat().st_size < MIB
    with (
        pytest.raises(CheckpointError, match="far more than trained weights"),
        open_checkpoint(bomb),
    ):
        pass


def test_a_zip_has_one_limit(tmp_path: Path, pair: dict[str, bytes]) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(packed(pair, zipfile.ZIP_STORED))
    with (
        pytest.raises(CheckpointError, match="larger than 1,000 bytes"),
        open_checkpoint(path, 1000),
    ):
        pass


def test_a_zip_packed_by_hand_is_read(tmp_path: Path, pair: dict[str, bytes]) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(packed(pair))
    with open_checkpoint(path, 16 * MIB) as folder:
        assert load_checkpoint(folder)


@pytest.mark.usefixtures("in_this_process")
def test_the_limit_is_that_of_all_that_users_send(
    alice_client: Client, pair: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ESPALIER_UNPACKED_LIMIT_BYTES", str(1 << 16))
    large = pair[WEIGHTS] + bytes(1 << 16)
    file = SimpleUploadedFile("mine.zip", packed({**pair, WEIGHTS: large}, zipfile.ZIP_STORED))
    alice_client.post("/start-networks/", {"source": "checkpoint", "checkpoint": file})
    network = AdoptedNetwork.objects.get()
    prepare(network.pk)
    network.refresh_from_db()
    assert network.state == State.FAILED and "larger than 65,536 bytes" in network.failure
    assert network.bytes == file.size
