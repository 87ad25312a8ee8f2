"""From a name or a file to a checkpoint that searches start from, with the real engine."""

import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from torch import nn

from search_engine.checkpoint import load_checkpoint, save_checkpoint
from search_engine.networks import build_network
from search_engine.spec import Architecture, ChainNetConfig, ImageShape
from search_engine.spec.description import TrainedOn
from tests.exporting import export_to
from tests.webapp.adopted.driving import prepare
from webapp.accounts.models import User
from webapp.adopted import services
from webapp.adopted.models import AdoptedNetwork
from webapp.adopted.names import CHECKPOINT, PROGRAM, Source
from webapp.checkpoints import files
from webapp.checkpoints.models import Origin
from webapp.datasets.models import Dataset
from webapp.errors import ProductError
from webapp.state import State

pytestmark = pytest.mark.thorough

HERE = pytest.mark.usefixtures("in_this_process")


def prepared(network: AdoptedNetwork) -> AdoptedNetwork:
    prepare(network.pk)
    network.refresh_from_db()
    return network


def test_a_torchvision_model_becomes_a_checkpoint_at_the_sites_that_were_chosen(
    resnet: AdoptedNetwork, alice: User
) -> None:
    outline = prepared(resnet).outline
    assert resnet.state == State.COMPLETED and outline is not None
    assert outline["classes"] == 3 and outline["image"] == [3, 32, 32]
    sites = ["layer3.0.conv2", "layer3.1.conv2"]
    services.choose_sites(alice, resnet.pk, sites)
    checkpoint = prepared(resnet).checkpoint
    assert checkpoint is not None, resnet.failure
    assert (checkpoint.origin, checkpoint.owner_id) == (Origin.UPLOAD, alice.pk)
    assert checkpoint.can_start and checkpoint.accuracy is None
    assert (checkpoint.latency_1, checkpoint.measurement.state) == (None, State.QUEUED)
    with files.local(checkpoint.folder) as folder:
        network = load_checkpoint(folder)
    assert sorted(network.cells()) == sites
    assert network(torch.zeros(2, 3, 32, 32)).shape == (2, 3)


@HERE
def test_sites_that_do_not_exist_are_refused_before_a_worker_is_asked(
    resnet: AdoptedNetwork, alice: User
) -> None:
    prepared(resnet)
    with pytest.raises(ProductError) as refusal:
        services.choose_sites(alice, resnet.pk, ["layer9.conv1"])
    assert "layer9.conv1" in refusal.value.fields["sites"]
    with pytest.raises(ProductError):
        services.choose_sites(alice, resnet.pk, [])


@HERE
def test_images_that_are_too_small_fail_with_a_sentence(alice: User, photos: Dataset) -> None:
    network = services.add(alice, Source.TORCHVISION, model="inception_v3", dataset=photos)
    assert prepared(network).state == State.FAILED
    assert "75" in network.failure


class Small(nn.Module):
    """What a user might have."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.second = nn.Conv2d(8, 8, 3, padding=1)
        self.head = nn.Linear(8, 3)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        found = self.second(self.first(images).relu()).relu()
        return self.head(found.mean((2, 3)))


@HERE
def test_an_exported_program_keeps_its_weights(
    alice: User, photos: Dataset, tmp_path: Path
) -> None:
    own, images = Small().eval(), torch.randn(2, 3, 32, 32)
    upload = {PROGRAM: ContentFile(export_to(own, tmp_path / "p.pt2", (3, 32, 32)).read_bytes())}
    network = services.add(alice, Source.PROGRAM, name="Plum", dataset=photos, uploads=upload)
    outline = prepared(network).outline
    assert outline is not None, network.failure
    assert outline["model"] == "Plum"
    services.choose_sites(
        alice, network.pk, [layer["name"] for layer in outline["layers"] if layer["site"]]
    )
    checkpoint = prepared(network).checkpoint
    assert checkpoint is not None, network.failure
    with files.local(checkpoint.folder) as folder:
        adopted = load_checkpoint(folder)
    torch.testing.assert_close(adopted(images), own(images), rtol=1e-4, atol=1e-5)


@HERE
def test_a_program_for_other_images_says_which_shape_it_would_need(
    alice: User, photos: Dataset, tmp_path: Path
) -> None:
    program = torch.export.export(Small().eval(), (torch.randn(1, 3, 24, 24),))
    torch.export.save(program, tmp_path / "p.pt2")
    upload = {PROGRAM: ContentFile((tmp_path / "p.pt2").read_bytes())}
    network = services.add(alice, Source.PROGRAM, dataset=photos, uploads=upload)
    assert prepared(network).state == State.FAILED
    assert "24 x 24" in network.failure and "32 x 32" in network.failure


@HERE
def test_a_program_without_a_site_is_refused_when_it_is_read(
    alice: User, photos: Dataset, tmp_path: Path
) -> None:
    flat = nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 3)).eval()
    upload = {PROGRAM: ContentFile(export_to(flat, tmp_path / "p.pt2", (3, 32, 32)).read_bytes())}
    network = services.add(alice, Source.PROGRAM, dataset=photos, uploads=upload)
    assert prepared(network).state == State.FAILED
    assert "no 3x3 convolution" in network.failure and network.outline is None


def checkpoint_zip(folder: Path) -> bytes:
    skeleton = ChainNetConfig(image=ImageShape(1, 8, 8))
    network = build_network(Architecture.start(skeleton), seed=0)
    trained_on = TrainedOn("digits", tuple("0123456789"), (0.3,), (0.3,))
    save_checkpoint(network, folder, trained_on=trained_on, metrics={"accuracy": 0.5})
    with zipfile.ZipFile(folder / "x.zip", "w") as archive:
        for name in files.NAMES:
            archive.write(folder / name, f"espalier/{name}")
    return (folder / "x.zip").read_bytes()


@HERE
def test_an_uploaded_checkpoint_needs_no_choice(alice: User, tmp_path: Path) -> None:
    upload = {CHECKPOINT: ContentFile(checkpoint_zip(tmp_path / "own"))}
    network = prepared(services.add(alice, Source.CHECKPOINT, uploads=upload))
    assert network.checkpoint is not None, network.failure
    assert network.checkpoint.accuracy == 0.5 and network.checkpoint.can_start
    assert network.checkpoint.trained_on["name"] == "digits"


@HERE
def test_a_damaged_checkpoint_fails_and_leaves_no_row(alice: User, tmp_path: Path) -> None:
    content = bytearray(checkpoint_zip(tmp_path / "own"))
    middle = len(content) // 2
    content[middle] ^= 0xFF
    upload = {CHECKPOINT: ContentFile(bytes(content))}
    network = prepared(services.add(alice, Source.CHECKPOINT, uploads=upload))
    assert network.state == State.FAILED and network.failure
    assert not alice.checkpoints.exists()


def test_a_program_that_would_fill_the_memory_fails_in_its_own_process(
    alice: User, photos: Dataset, tmp_path: Path, settings: Any
) -> None:
    program = tmp_path / "p.pt2"
    export_to(Small().eval(), program, (3, 32, 32))
    swollen(program, tmp_path / "swollen.pt2")
    settings.PROCESS_MEMORY_BYTES = 1 << 30
    upload = {PROGRAM: ContentFile((tmp_path / "swollen.pt2").read_bytes())}
    network = prepared(services.add(alice, Source.PROGRAM, dataset=photos, uploads=upload))
    assert network.state == State.FAILED, network.failure
    assert network.traceback == ""


def swollen(program: Path, to: Path) -> None:
    """The same program, whose weights say that they are of 10^9 numbers."""
    with zipfile.ZipFile(program) as source, zipfile.ZipFile(to, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name.endswith(".json"):
                content = content.replace(b'"as_int": 8}', b'"as_int": 1000000000}')
            target.writestr(name, content)


@HERE
def test_a_cancelled_step_can_be_asked_for_again(resnet: AdoptedNetwork, alice: User) -> None:
    prepared(resnet)
    services.choose_sites(alice, resnet.pk, ["layer1.0.conv1"])
    services.cancel(alice, resnet.pk)
    assert prepared(resnet).state == State.CANCELLED and resnet.checkpoint is None
    services.choose_sites(alice, resnet.pk, ["layer1.0.conv1"])
    assert prepared(resnet).checkpoint is not None


@HERE
def test_its_checkpoint_knows_what_it_was_made_for(
    resnet: AdoptedNetwork, alice: User, photos: Dataset, digits: Dataset, tmp_path: Path
) -> None:
    prepared(resnet)
    services.choose_sites(alice, resnet.pk, ["layer1.0.conv1"])
    upload = {CHECKPOINT: ContentFile(checkpoint_zip(tmp_path / "own"))}
    other = services.add(alice, Source.CHECKPOINT, uploads=upload)
    made = [prepared(network).checkpoint for network in (resnet, other)]
    assert [one and one.dataset for one in made] == [photos, digits]


@HERE
@pytest.mark.django_db(transaction=True)
def test_deleting_takes_the_files_and_leaves_the_checkpoint(alice: User, tmp_path: Path) -> None:
    upload = {CHECKPOINT: ContentFile(checkpoint_zip(tmp_path / "own"))}
    network = prepared(services.add(alice, Source.CHECKPOINT, uploads=upload))
    folder = network.folder
    assert default_storage.exists(f"{folder}/{CHECKPOINT}")
    services.delete(alice, network.pk)
    assert not default_storage.exists(f"{folder}/{CHECKPOINT}")
    checkpoint = alice.checkpoints.get()
    assert default_storage.exists(f"{checkpoint.folder}/{files.WEIGHTS}")
