"""timm, ONNX files and published weights: from the form to a checkpoint, with the real engine."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from torchvision import models

from search_engine.checkpoint import load_checkpoint
from search_engine.spec import NORMALISATIONS
from search_engine.spec.fine_tuning import FINE_TUNING
from tests.exporting import own_net
from tests.publishing import TIMM_MODEL, publish_timm, publish_torchvision, serving, sha256_of
from tests.webapp.adopted.driving import prepare
from webapp.accounts.models import User
from webapp.adopted import services
from webapp.adopted.models import AdoptedNetwork
from webapp.adopted.names import Source
from webapp.checkpoints import files
from webapp.checkpoints.models import Checkpoint
from webapp.datasets.models import Dataset
from webapp.searches.documents import start_document
from webapp.state import State

pytestmark = [pytest.mark.usefixtures("in_this_process"), pytest.mark.thorough]

ADDRESS = "/start-networks/"
MODEL = "shufflenet_v2_x0_5"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("host")
    publish_torchvision(MODEL, folder / "models")
    publish_timm(TIMM_MODEL, folder)
    return folder


@pytest.fixture
def mirror(host: Path, settings: Any, tmp_path: Path) -> Iterator[Path]:
    """A server that the worker fetches from; gives the folder in which it keeps what it has."""
    settings.WEIGHTS_FOLDER = tmp_path / "weights"
    with serving(host) as address:
        settings.WEIGHTS_MIRROR = address
        yield settings.WEIGHTS_FOLDER


def added(client: Client, **body: Any) -> AdoptedNetwork:
    """What the form makes, after the worker has read it."""
    answer = client.post(ADDRESS, {"dataset": "photos", **body})
    assert answer.status_code == 302, answer.context["form"].errors
    network = AdoptedNetwork.objects.get()
    prepare(network.pk)
    network.refresh_from_db()
    assert network.state == State.COMPLETED, network.failure
    return network


def adopted(network: AdoptedNetwork, user: User) -> Checkpoint:
    """The checkpoint with the cell at the usual sites."""
    outline = network.outline
    assert outline is not None
    site = next(layer["name"] for layer in outline["layers"][1:] if layer["site"])
    services.choose_sites(user, network.pk, [site])
    prepare(network.pk)
    network.refresh_from_db()
    assert network.checkpoint is not None, network.failure
    return network.checkpoint


def loaded(checkpoint: Checkpoint) -> dict[str, torch.Tensor]:
    with files.local(checkpoint.folder) as folder:
        found = load_checkpoint(folder)
    return dict(found.original_tensors())  # type: ignore[operator]


def test_a_torchvision_model_starts_with_its_published_weights(
    alice: User,
    alice_client: Client,
    photos: Dataset,
    host: Path,
    mirror: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (file,) = (host / "models").iterdir()
    known = models.get_model_weights(MODEL).DEFAULT
    monkeypatch.setattr(known.value, "url", f"https://download.pytorch.org/models/{file.name}")
    network = added(alice_client, source="torchvision", model=MODEL, pretrained="DEFAULT")
    page = alice_client.get(network.get_absolute_url()).content.decode()
    assert sha256_of(file) in page and "BSD 3-Clause" in page
    assert "The pictures here are" in page and "224 × 224 pixels" in page
    assert [path.name for path in mirror.iterdir()] == [file.name]
    checkpoint = adopted(network, alice)
    published = torch.load(file, weights_only=True)
    name = "stage3.0.branch2.0.weight"
    assert torch.equal(loaded(checkpoint)[name], published[name])
    config = start_document(checkpoint)
    assert config["skeleton"]["normalisation"] == NORMALISATIONS["imagenet"].to_json()
    recipe = {**config["start_recipe"], "epochs": FINE_TUNING.epochs}  # as long as is planned
    assert recipe == FINE_TUNING.to_json()


def test_a_timm_model_becomes_a_program_with_its_published_weights(
    alice: User, alice_client: Client, photos: Dataset, host: Path, mirror: Path
) -> None:
    network = added(alice_client, source="timm", timm_model=TIMM_MODEL, pretrained="DEFAULT")
    assert network.files == ["program.pt2"] and network.model == TIMM_MODEL
    assert network.outline is not None
    assert network.outline["weights"]["licence"] == "apache-2.0"
    page = alice_client.get(network.get_absolute_url()).content.decode()
    assert network.outline["weights"]["sha256"] in page
    checkpoint = adopted(network, alice)
    from safetensors.torch import load_file

    published = load_file(next(mirror.iterdir()))
    tensors = loaded(checkpoint)
    same = [name for name in published if torch.equal(tensors[name], published[name])]
    assert "layer4.0.conv1.weight" in same and "fc.weight" not in same


@pytest.fixture(scope="module")
def onnx_bytes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("onnx") / "own.onnx"
    torch.onnx.export(
        own_net(),
        (torch.zeros(2, 1, 8, 8),),
        str(path),
        dynamo=False,
        dynamic_axes={"x": [0]},
        input_names=["x"],
    )
    return path.read_bytes()


def test_an_onnx_file_starts_with_what_it_has_learned(
    alice: User, alice_client: Client, photos: Dataset, onnx_bytes: bytes
) -> None:
    Dataset.objects.filter(pk=photos.pk).update(image_channels=1, image_height=8, image_width=8)
    network = added(
        alice_client,
        source="onnx",
        onnx=SimpleUploadedFile("own.onnx", onnx_bytes),
        normalisation="none",
    )
    assert network.name == "own" and network.files == ["network.onnx"]
    checkpoint = adopted(network, alice)
    assert torch.equal(loaded(checkpoint)["depthwise.weight"], own_net().depthwise.weight)
    skeleton = start_document(checkpoint)["skeleton"]
    assert skeleton["normalisation"] == {"mean": [0.0], "std": [1.0]}


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"source": "timm"}, "Type the name of a model."),
        ({"source": "timm", "timm_model": "../evil"}, "Expected a name such as resnet18"),
        ({"source": "onnx"}, "Choose an .onnx file."),
        (
            {"source": "timm", "timm_model": "resnet18", "pretrained": "IMAGENET1K_V1"},
            "timm names its weights by what comes after a dot",
        ),
        ({"source": "torchvision", "model": MODEL, "pretrained": "V9"}, "V9"),
    ],
)
def test_what_does_not_go_together_is_said_beside_its_field(
    body: dict[str, str], says: str, alice_client: Client, photos: Dataset
) -> None:
    answer = alice_client.post(ADDRESS, {"dataset": "photos", **body})
    assert answer.status_code == 400 and says in answer.content.decode()


def test_weights_that_cannot_be_fetched_say_what_to_put_where(
    alice: User, photos: Dataset, settings: Any, tmp_path: Path
) -> None:
    settings.WEIGHTS_FOLDER, settings.WEIGHTS_MIRROR = tmp_path / "w", "http://127.0.0.1:9"
    network = services.add(
        alice, Source.TORCHVISION, model=MODEL, pretrained="DEFAULT", dataset=photos
    )
    prepare(network.pk)
    network.refresh_from_db()
    assert network.state == State.FAILED
    assert "cannot be fetched" in network.failure and "put https://download" in network.failure
