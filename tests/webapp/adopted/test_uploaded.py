"""A checkpoint as a user has it: a zip, its two files, or weights with an architecture as JSON."""

import json
import zipfile
from pathlib import Path

import pytest
import torch
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from search_engine.checkpoint import load_checkpoint, save_checkpoint
from search_engine.networks import build_network
from search_engine.spec import Architecture, ChainNetConfig, ImageShape
from tests.webapp.adopted.driving import prepare
from webapp.adopted.models import AdoptedNetwork
from webapp.checkpoints import files
from webapp.state import State

pytestmark = pytest.mark.usefixtures("in_this_process")

ADDRESS = "/start-networks/"
IMAGES = torch.linspace(-1, 1, 128).reshape(2, 1, 8, 8)

Files = dict[str, bytes]


@pytest.fixture
def network() -> torch.nn.Module:
    skeleton = ChainNetConfig(image=ImageShape(1, 8, 8))
    return build_network(Architecture.start(skeleton), seed=3).eval()


@pytest.fixture
def pair(network: torch.nn.Module, tmp_path: Path) -> Files:
    """The two files of its checkpoint."""
    save_checkpoint(network, tmp_path / "own", metrics={"accuracy": 0.5})  # type: ignore[arg-type]
    return {name: (tmp_path / "own" / name).read_bytes() for name in files.NAMES}


def upload(client: Client, json_: bytes, weights: bytes | None) -> str:
    """Through the form; what the page says, or nothing where it was taken."""
    body: dict[str, object] = {"source": "checkpoint"}
    body["checkpoint"] = SimpleUploadedFile("mine.json", json_)
    if weights is not None:
        body["weights"] = SimpleUploadedFile("mine.safetensors", weights)
    answer = client.post(ADDRESS, body)
    return "" if answer.status_code == 302 else answer.content.decode()


def prepared() -> AdoptedNetwork:
    network = AdoptedNetwork.objects.get()
    prepare(network.pk)
    network.refresh_from_db()
    return network


def test_the_two_files_of_a_checkpoint_are_as_good_as_its_zip(
    alice_client: Client, pair: Files, network: torch.nn.Module
) -> None:
    assert upload(alice_client, pair[files.DESCRIPTION], pair[files.WEIGHTS]) == ""
    found = prepared().checkpoint
    assert found is not None and found.can_start and found.accuracy == 0.5
    assert found.title == "mine"
    with files.local(found.folder) as folder:
        torch.testing.assert_close(load_checkpoint(folder)(IMAGES), network(IMAGES), rtol=0, atol=0)


def test_an_architecture_is_enough_beside_the_weights(
    alice_client: Client, pair: Files, network: torch.nn.Module
) -> None:
    architecture = json.loads(pair[files.DESCRIPTION])["architecture"]
    assert upload(alice_client, json.dumps(architecture).encode(), pair[files.WEIGHTS]) == ""
    found = prepared().checkpoint
    assert found is not None and found.accuracy is None
    with files.local(found.folder) as folder:
        torch.testing.assert_close(load_checkpoint(folder)(IMAGES), network(IMAGES), rtol=0, atol=0)


def test_a_json_asks_for_its_weights_and_a_zip_for_none(
    alice_client: Client, pair: Files, tmp_path: Path
) -> None:
    assert "that belong to this JSON" in upload(alice_client, pair[files.DESCRIPTION], None)
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr(files.DESCRIPTION, pair[files.DESCRIPTION])
    content = (tmp_path / "x.zip").read_bytes()
    assert "leave this empty" in upload(alice_client, content, pair[files.WEIGHTS])
    assert not AdoptedNetwork.objects.exists()


@pytest.mark.parametrize("content", [b"\x80\x04]q.", b"[1, 2]", b"{" + b" " * (256 << 10)])
def test_what_is_neither_zip_nor_json_is_refused_unread(
    content: bytes, alice_client: Client, pair: Files
) -> None:
    assert "neither the zip" in upload(alice_client, content, pair[files.WEIGHTS])
    assert not AdoptedNetwork.objects.exists()


def test_weights_of_another_network_fail_without_a_path_of_the_worker(
    alice_client: Client, pair: Files
) -> None:
    other = build_network(Architecture.start(ChainNetConfig(image=ImageShape(3, 8, 8))), seed=0)
    architecture = json.dumps(other.architecture.to_json()).encode()
    assert upload(alice_client, architecture, pair[files.WEIGHTS]) == ""
    failed = prepared()
    assert failed.state == State.FAILED
    assert failed.failure.startswith("weights.safetensors: the weights do not fit")
