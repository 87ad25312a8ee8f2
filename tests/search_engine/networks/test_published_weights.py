"""Published weights by name: what is known of them, fetching, the folder, and what they compute."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torchvision import models

from search_engine.networks.adopted import (
    adopt,
    outline_timm,
    outline_torchvision,
    timm_weights,
    torchvision_weights,
    weights_file,
)
from search_engine.spec import NORMALISATIONS, TORCHVISION_MODELS, ImageShape, Outline
from search_engine.spec.errors import CheckpointError, InvalidConfig
from tests.publishing import (
    TIMM_MODEL,
    publish_timm,
    publish_torchvision,
    serving,
    sha256_of,
)

MODEL = "shufflenet_v2_x0_5"
COLOURS = ImageShape(3, 64, 64)


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the server."""
    folder = tmp_path_factory.mktemp("host")
    publish_torchvision(MODEL, folder / "models")
    publish_timm(TIMM_MODEL, folder)
    return folder


@pytest.fixture(scope="module")
def mirror(host: Path) -> Iterator[str]:
    with serving(host) as address:
        yield address


@pytest.fixture
def file(host: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The published file, of which torchvision is told."""
    (file,) = (host / "models").iterdir()
    known = models.get_model_weights(MODEL).DEFAULT
    address = f"https://download.pytorch.org/models/{file.name}"
    monkeypatch.setattr(known.value, "url", address)
    return file


def test_every_classifier_has_published_weights() -> None:
    for model in TORCHVISION_MODELS:
        weights = torchvision_weights(model)
        assert len(weights.sha256) >= 8 and weights.sha256 in weights.file
        assert weights.licence and weights.classes == 1000
        assert weights.address.startswith("https://download.pytorch.org/models/")


@pytest.mark.parametrize(
    ("model", "name", "side", "normalisation"),
    [
        ("resnet50", "IMAGENET1K_V1", 224, "imagenet"),
        ("efficientnet_b3", "DEFAULT", 300, "imagenet"),
        # torchvision turns the input into this normalisation where they are loaded.
        ("inception_v3", "DEFAULT", 299, "half"),
    ],
)
def test_weights_say_which_images_they_want(
    model: str, name: str, side: int, normalisation: str
) -> None:
    weights = torchvision_weights(model, name)
    assert (weights.image.height, weights.image.width) == (side, side)
    assert weights.normalisation == NORMALISATIONS[normalisation]


def test_inceptions_normalisation_is_what_torchvision_makes_of_the_input() -> None:
    made = models.googlenet(weights=None, init_weights=False, aux_logits=False)
    made.transform_input = True
    pixels = torch.rand(2, 3, 8, 8)
    mean, std = (
        torch.tensor(part).view(1, 3, 1, 1)
        for part in (NORMALISATIONS["imagenet"].mean, NORMALISATIONS["imagenet"].std)
    )
    seen = made._transform_input((pixels - mean) / std)
    torch.testing.assert_close(seen, (pixels - 0.5) / 0.5)


def test_names_that_are_not_published_are_refused() -> None:
    with pytest.raises(InvalidConfig, match="one of IMAGENET1K_V1, IMAGENET1K_V2 for resnet50"):
        torchvision_weights("resnet50", "V3")
    with pytest.raises(InvalidConfig, match="one of IMAGENET1K_V1 for vgg16"):
        torchvision_weights("vgg16", "IMAGENET1K_FEATURES")  # they have no last layer


def test_weights_are_fetched_once_and_checked(file: Path, mirror: str, tmp_path: Path) -> None:
    known = torchvision_weights(MODEL)
    found, weights = weights_file(known, tmp_path / "w", download=True, mirror=mirror)
    assert found.read_bytes() == file.read_bytes()
    assert weights.sha256 == sha256_of(file)
    # From now on the folder has it: no server is asked.
    again, _ = weights_file(known, tmp_path / "w", download=True, mirror="http://127.0.0.1:9")
    assert again == found


def test_the_network_with_published_weights_computes_what_torchvisions_does(
    file: Path, tmp_path: Path
) -> None:
    found, weights = weights_file(torchvision_weights(MODEL), file.parent, download=False)
    outline = outline_torchvision(MODEL, COLOURS, 1000).with_weights(weights)
    assert Outline.from_json(outline.to_json()) == outline
    config = outline.config()
    assert config.own_normalisation == NORMALISATIONS["imagenet"]
    reference = models.get_model(MODEL, weights=None)
    reference.load_state_dict(torch.load(file, weights_only=True))
    images = torch.randn(2, 3, 64, 64)
    expected = reference.eval()(images)
    network = adopt(config, weights=found).eval()
    torch.testing.assert_close(network(images), expected, rtol=1e-5, atol=1e-5)


def test_grey_images_are_normalised_by_the_mean_over_the_colours(file: Path) -> None:
    outline = outline_torchvision(MODEL, ImageShape(1, 32, 32), 10)
    config = outline.with_weights(torchvision_weights(MODEL)).config()
    assert config.own_normalisation is not None
    assert config.own_normalisation.mean == pytest.approx((0.449,), abs=1e-3)
    adopt(config, weights=file)  # the stem is folded, the last layer drawn


def test_missing_weights_say_what_to_put_where(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError) as raised:
        weights_file(torchvision_weights("resnet18"), tmp_path, download=False)
    assert "put https://download.pytorch.org/models/resnet18-f37072fd.pth into" in str(raised.value)


def test_another_file_under_that_name_is_refused(file: Path, tmp_path: Path) -> None:
    (tmp_path / file.name).write_bytes(b"something else")
    with pytest.raises(CheckpointError, match="expected a SHA-256 of"):
        weights_file(torchvision_weights(MODEL), tmp_path, download=True)


def test_what_a_host_gives_in_its_place_is_refused_and_not_kept(
    file: Path, tmp_path: Path, host: Path
) -> None:
    (tmp_path / "host/models").mkdir(parents=True)
    (tmp_path / "host/models" / file.name).write_bytes(b"<html>not found</html>")
    with (
        serving(tmp_path / "host") as wrong,
        pytest.raises(CheckpointError, match=r"cannot be fetched from http://127.*hash"),
    ):
        weights_file(torchvision_weights(MODEL), tmp_path / "w", download=True, mirror=wrong)
    assert not [*(tmp_path / "w").iterdir()]


def test_a_host_that_is_not_there_is_named(file: Path, tmp_path: Path) -> None:
    nowhere = "http://127.0.0.1:9"
    with pytest.raises(
        CheckpointError, match=r"cannot be fetched from http://127\.0\.0\.1:9/models/"
    ):
        weights_file(torchvision_weights(MODEL), tmp_path, download=True, mirror=nowhere)


def test_timms_weights_are_checked_by_the_digest_that_the_hub_tells(
    mirror: str, host: Path, tmp_path: Path
) -> None:
    known = timm_weights("resnet10t")
    assert (known.name, known.licence, known.classes) == (TIMM_MODEL, "apache-2.0", 1000)
    assert known.address.startswith("https://huggingface.co/timm/resnet10t.c3_in1k/resolve/main/")
    found, weights = weights_file(known, tmp_path, download=True, mirror=mirror)
    assert found.name == f"{TIMM_MODEL}-{weights.sha256[:16]}.safetensors"
    assert weights_file(known, tmp_path, download=False) == (found, weights)
    found.write_bytes(b"cut off")
    with pytest.raises(CheckpointError, match="delete the file"):
        weights_file(known, tmp_path, download=False)


def test_a_timm_network_with_published_weights_computes_what_timms_does(
    mirror: str, host: Path, tmp_path: Path
) -> None:
    import timm

    known = timm_weights(TIMM_MODEL)
    found, weights = weights_file(known, tmp_path, download=True, mirror=mirror)
    outline = outline_timm(TIMM_MODEL, COLOURS, 1000, tmp_path / "program.pt2")
    assert outline.model == TIMM_MODEL and outline.sites
    reference = timm.create_model("resnet10t", pretrained=False, checkpoint_path=str(found)).eval()
    images = torch.randn(3, 3, 64, 64)
    network = adopt(outline.with_weights(weights).config(), weights=found).eval()
    torch.testing.assert_close(network(images), reference(images), rtol=1e-4, atol=1e-5)


def test_timm_names_near_what_it_does_not_have() -> None:
    with pytest.raises(InvalidConfig, match="timm has no network 'resnet19'; there is resnet1"):
        timm_weights("resnet19")
