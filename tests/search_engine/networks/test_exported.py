"""Programs that torch.export wrote: read without unpickling, rebuilt, adopted, grown."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torchvision
from safetensors.torch import save_file
from torch import Tensor, nn

from search_engine.checkpoint import load_checkpoint, save_checkpoint
from search_engine.networks import build_network, count_multiply_adds, count_parameters
from search_engine.networks.adopted import adopt, outline_exported
from search_engine.networks.adopted.program import Program
from search_engine.spec import Architecture, ImageShape, Lineage, SiteKind
from search_engine.spec.errors import CheckpointError, InvalidConfig
from search_engine.transforms import inherit, remove_gates
from tests.adopting import QUIET, change_of, every_operation, images_of, site_groups
from tests.exporting import OwnNet, export_to, own_net
from tests.growing import look_trained, relative_change

pytestmark = pytest.mark.thorough

GREY = ImageShape(1, 8, 8)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export_to(own_net(), tmp_path_factory.mktemp("exported") / "own.pt2")


def images(count: int = 5) -> Tensor:
    return torch.randn(count, 1, 8, 8, generator=torch.Generator().manual_seed(0))


def test_the_outline_shows_what_was_exported(exported: Path) -> None:
    outline = outline_exported(exported)
    assert (outline.model, outline.image, outline.classes) == ("own", GREY, 5)
    kinds = {site.name: (site.kind, site.stride, site.bias) for site in outline.sites}
    assert kinds == {
        "stem.0": (SiteKind.PLAIN, 1, False),
        "first": (SiteKind.PLAIN, 1, True),
        "down": (SiteKind.PLAIN, 2, False),
        "depthwise": (SiteKind.DEPTHWISE, 1, True),
    }
    assert outline.default_sites() == ("first", "down")


@pytest.mark.parametrize(("decomposed", "training"), [(False, False), (False, True), (True, False)])
def test_the_rebuilt_network_computes_what_was_exported(
    decomposed: bool, training: bool, tmp_path: Path
) -> None:
    own = own_net().train(training)
    path = export_to(own, tmp_path / "own.pt2", decomposed=decomposed)
    network = adopt(outline_exported(path).config(), weights=path).eval()
    with torch.no_grad():
        assert relative_change(own.eval()(images()), network(images())) < 1e-6


def test_batch_norms_and_dropout_train_as_before_they_were_exported(exported: Path) -> None:
    own, network = own_net().train(), adopt(outline_exported(exported).config(), weights=exported)
    for part in (own, network.train()):
        torch.manual_seed(3)
        part(images())
    mean = network.get_buffer("outer.norm.running_mean")
    assert torch.allclose(mean, own.norm.running_mean)  # type: ignore[arg-type]
    torch.manual_seed(3)
    expected = own(images())
    torch.manual_seed(3)
    assert relative_change(expected.detach(), network(images()).detach()) < 1e-5


@pytest.mark.parametrize("kind", ["plain", "grouped"])
def test_children_compute_what_the_network_did(kind: str, exported: Path) -> None:
    outline = outline_exported(exported)
    config = outline.config(site_groups(outline)[kind])
    parent = adopt(config, weights=exported).double().eval()
    x = images_of(config, seed=0)
    assert change_of(parent, Lineage(every_operation(), 0, QUIET), x) <= 1e-9


def test_counts_agree_with_the_module(exported: Path) -> None:
    network = adopt(outline_exported(exported).config(), weights=exported)
    cost = network.architecture.cost
    assert count_parameters(network) == cost.parameters == count_parameters(own_net())
    assert count_multiply_adds(network, images(1)) == cost.multiply_adds


def test_other_classes_get_a_new_last_layer(exported: Path) -> None:
    config = outline_exported(exported, classes=9).config()
    network = adopt(config, weights=exported, seed=1).eval()
    assert network(images()).shape == (5, 9)
    assert count_parameters(network) == config.cost(config.start_cell).parameters
    assert torch.equal(network.get_parameter("outer.scale"), own_net().scale)


def test_weights_may_come_from_a_safetensors_file(exported: Path, tmp_path: Path) -> None:
    own, path = own_net(seed=7), tmp_path / "w.safetensors"
    save_file(own.state_dict(), path)
    network = adopt(outline_exported(exported).config(), weights=path).eval()
    with torch.no_grad():
        assert torch.equal(network(images()), own(images()))


def test_a_checkpoint_holds_the_program_too(exported: Path, tmp_path: Path) -> None:
    parent = adopt(outline_exported(exported).config(), weights=exported).eval()
    child = inherit(parent, Lineage(every_operation()[:2]), [images()])
    save_checkpoint(child, tmp_path)
    with torch.no_grad():
        assert relative_change(child(images()), load_checkpoint(tmp_path)(images())) < 1e-5


def test_it_has_no_fresh_weights(exported: Path) -> None:
    config = outline_exported(exported).config()
    with pytest.raises(InvalidConfig, match="has no fresh ones: start from a checkpoint"):
        adopt(config)
    with pytest.raises(InvalidConfig, match="has no fresh ones: start from a checkpoint"):
        build_network(Architecture.start(config), seed=0)


@pytest.mark.parametrize(
    "model", ["resnet18", "mobilenet_v3_small", "shufflenet_v2_x0_5", "efficientnet_b0"]
)
def test_torchvisions_classifiers_can_be_exported_and_adopted(model: str, tmp_path: Path) -> None:
    module = look_trained(torchvision.models.get_model(model, num_classes=4), 0).eval()
    path = export_to(module, tmp_path / f"{model}.pt2", (3, 32, 32))
    network = adopt(outline_exported(path).config(), weights=path).eval()
    x = torch.randn(3, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        assert relative_change(module(x), network(x)) < 1e-5


def test_a_grown_network_can_be_exported_and_adopted_again(exported: Path, tmp_path: Path) -> None:
    parent = adopt(outline_exported(exported).config(), weights=exported).eval()
    child = inherit(parent, Lineage(every_operation()), [images()])
    remove_gates(child)
    path = export_to(child, tmp_path / "again.pt2")
    again = adopt(outline_exported(path).config(), weights=path).eval()
    with torch.no_grad():
        for count in (1, 5):
            assert relative_change(child(images(count)), again(images(count))) < 1e-5


class Sorting(OwnNet):
    def forward(self, images: Tensor) -> Tensor:
        return super().forward(images).sort(dim=1).values


class Aliasing(OwnNet):
    def forward(self, images: Tensor) -> Tensor:
        x = self.norm(self.down(self.first(self.stem(images))))
        flat = x.flatten(2)
        nn.functional.relu(x, inplace=True)
        return self.classifier(flat.mean(2))


class Computed(OwnNet):
    def forward(self, images: Tensor) -> Tensor:
        weight = self.first.weight * 2
        x = nn.functional.conv2d(self.stem(images), weight, padding=1)
        return self.classifier(torch.cat((x, x), 1).mean((2, 3)))


class Pair(OwnNet):
    def forward(self, images: Tensor) -> Any:
        logits = super().forward(images)
        return logits, logits.exp()


@pytest.mark.parametrize(
    ("network", "reason"),
    [
        (Sorting, "the operator aten.sort.default is not allowed"),
        (Aliasing, "aten.relu_.default writes into memory that flatten shares"),
        (Computed, "a layer whose weights are computed is not allowed"),
        (Pair, "expected logits as its only output, got 2 outputs"),
    ],
)
def test_what_is_not_allowed_is_refused_by_name(
    network: type[OwnNet], reason: str, tmp_path: Path
) -> None:
    path = export_to(network().eval(), tmp_path / "own.pt2")
    with pytest.raises(InvalidConfig, match=reason):
        outline_exported(path)


def test_a_program_for_a_fixed_number_of_images_is_refused(tmp_path: Path) -> None:
    class Fixed(OwnNet):
        def forward(self, images: Tensor) -> Tensor:
            x = self.down(self.first(self.stem(images)))
            return self.classifier(x.view(images.shape[0], 16, 16).mean(2))

    path = export_to(Fixed().eval(), tmp_path / "own.pt2", dynamic=False)
    with pytest.raises(InvalidConfig, match="export it with a dynamic batch"):
        outline_exported(path)


def rewritten(path: Path, target: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """The archive with some members changed, or left out where the change gives None."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w") as new:
        for member in old.infolist():
            if (content := change(member.filename, old.read(member))) is not None:
                new.writestr(member.filename, content)
    return target


def _pickled(name: str, content: bytes) -> bytes:
    if not name.endswith("model_weights_config.json"):
        return content
    document = json.loads(content)
    document["config"]["first.weight"]["use_pickle"] = True
    return json.dumps(document).encode()


def _outside(name: str, content: bytes) -> bytes:
    if not name.endswith("model_weights_config.json"):
        return content
    document = json.loads(content)
    document["config"]["first.weight"]["tensor_meta"]["storage_offset"]["as_int"] = 10**6
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_pickled, "first.weight is pickled in it, and nothing is unpickled here"),
        (_outside, "tensor first.weight is damaged"),
        (lambda name, content: None if name.endswith("weight_0") else content, "is missing"),
        (lambda name, content: content[:4] if name.endswith("weight_0") else content, "is damaged"),
    ],
)
def test_damaged_and_pickled_weights_are_refused(
    change: Callable[[str, bytes], bytes | None], reason: str, exported: Path, tmp_path: Path
) -> None:
    config = outline_exported(exported).config()
    path = rewritten(exported, tmp_path / "changed.pt2", change)
    with pytest.raises(CheckpointError, match=reason):
        adopt(config, weights=path)


def test_sample_inputs_are_never_unpickled(exported: Path, tmp_path: Path) -> None:
    mark = tmp_path / "unpickled"
    bomb = f"cos\nsystem\n(S'touch {mark}'\ntR.".encode()
    path = rewritten(
        exported,
        tmp_path / "bomb.pt2",
        lambda name, content: bomb if "sample_inputs" in name else content,
    )
    network = adopt(outline_exported(path).config(), weights=path).eval()
    with torch.no_grad():
        assert relative_change(own_net()(images()), network(images())) < 1e-6
    assert not mark.exists()


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04"])
def test_other_files_are_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "own.pt2"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"expected an archive of torch\.export\.save"):
        outline_exported(path)


def test_a_graph_that_is_no_graph_is_refused(exported: Path, tmp_path: Path) -> None:
    path = rewritten(
        exported,
        tmp_path / "own.pt2",
        lambda name, content: b'{"graph_module": 3}' if name.endswith("model.json") else content,
    )
    with pytest.raises(InvalidConfig, match="the graph is damaged"):
        outline_exported(path)


def test_a_program_comes_back_from_its_text(exported: Path) -> None:
    text = outline_exported(exported).program
    assert Program.from_text(text).to_text() == text


def _steps(*steps: object) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        document["steps"] = list(steps)

    return change


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_steps(["aten.sort.default", ["%0"], {}, 1]), "'aten.sort.default' is not allowed"),
        (_steps(["os.system", ["none"], {}, 1]), "'os.system' is not allowed"),
        (_steps(["aten.relu.default", ["%1"], {}, 1]), "a value made before"),
        (_steps(["aten.relu.default", ["@nothing"], {}, 1]), "a value made before"),
        (_steps(["aten.relu.default", ["ls"], {}, 1]), "a value made before"),
        (_steps(["call", "nothing", "%0"]), "expected a layer's or an operator's call"),
        (lambda d: d["layers"].update({"a..b": {}}), "expected names with dots between"),
        (lambda d: d["layers"].update({"forward": {"kind": "none"}}), "expected one of conv2d"),
        (lambda d: d.update({"output": 10**6}), "program.output: expected one of"),
        (lambda d: d["layers"]["first"].update({"out": 10**9}), "a whole number 1 to 1,000,000"),
        (lambda d: d["layers"]["first"].update({"groups": 3}), "torch refuses it"),
        (
            lambda d: d["tensors"].update(
                {"x": {"shape": [10**6, 10**6], "type": "float32", "learned": True}}
            ),
            "expected a shape",
        ),
        (
            lambda d: d["tensors"].update(
                {"forward": {"shape": [1], "type": "float32", "learned": True}}
            ),
            "a name cannot be used",
        ),
    ],
)
def test_malformed_programs_are_refused(
    change: Callable[[dict[str, Any]], None], reason: str, exported: Path
) -> None:
    outline = outline_exported(exported)
    document = json.loads(outline.program)
    change(document)
    config = outline.config().to_json() | {"program": json.dumps(document)}
    with pytest.raises(InvalidConfig, match=reason):
        architecture = {"version": 1, "skeleton": config, "cell": None}
        architecture["cell"] = Architecture.start(outline.config()).to_json()["cell"]
        build_network(Architecture.from_json(architecture), seed=0)
