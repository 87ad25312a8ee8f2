"""Networks written out as Python: the same function, readable, in need of nothing but torch."""

import random
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from search_engine.export.format import About
from search_engine.export.plain import plain_state, write_program
from search_engine.export.plain.program import plain_name
from search_engine.loading import load, normalise
from search_engine.networks import CondenseNet, Network, build_empty
from search_engine.spec import (
    TREE_CELL_A,
    TREE_CELL_B,
    Architecture,
    Cell,
    CondenseNetConfig,
    DenseNetConfig,
    Lineage,
    Morph,
    MorphKind,
    Order,
    PyramidNetConfig,
    SkeletonConfig,
)
from search_engine.transforms import inherit, remove_gates
from tests.growing import (
    FAMILIES,
    IMAGE,
    look_trained,
    random_transformations,
    relative_change,
    small_skeleton,
    trained_network,
)
from tests.search_engine.export.exporting import (
    CELLS,
    DIGITS,
    NAMES,
    faults_in,
    imported,
    pictures,
    run_bare,
    saved,
    small_network,
)

pytestmark = pytest.mark.thorough


def about(names: tuple[str, ...] = NAMES) -> About:
    return About(IMAGE, names, DIGITS.mean, DIGITS.std)


def rebuilt(network: Network, folder: Path) -> torch.nn.Module:
    """The network that the generated file loads."""
    save_file(plain_state(network), folder / "network.safetensors")
    program = imported(write_program(network, about(), "network.safetensors"), folder / "n.py")
    loaded = program.load()
    assert isinstance(loaded, torch.nn.Module) and not loaded.training
    return loaded


@pytest.mark.parametrize("grown", [False, True])
@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("family", ["densenet", "pyramidnet", "chainnet"])
def test_the_program_computes_the_same(
    family: str, cell: str, order: Order, grown: bool, tmp_path: Path
) -> None:
    network = small_network(family, cell, order, grown=grown)
    images = normalise(pictures(4), DIGITS)
    assert relative_change(network(images), rebuilt(network, tmp_path)(images)) < 1e-6


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("cell", CELLS)
def test_a_condensenet_computes_the_same_in_both_forms(
    cell: str, order: Order, tmp_path: Path
) -> None:
    network = small_network("condensenet", cell, order)
    assert isinstance(network, CondenseNet)
    images = normalise(pictures(4), DIGITS)
    for form in (network, network.converted()):
        assert relative_change(form(images), rebuilt(form, tmp_path)(images)) < 1e-6


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("family", FAMILIES)
def test_whatever_grows_can_be_written_out(family: str, seed: int, tmp_path: Path) -> None:
    start = trained_network(small_skeleton(family, groups=2), seed).float()
    steps = random_transformations(start.architecture, random.Random(seed), 6)
    child = inherit(start, Lineage(steps, seed, Morph(MorphKind.ANNEALED)))
    remove_gates(child)
    look_trained(child, seed).eval()
    images = normalise(pictures(4), DIGITS)
    assert relative_change(child(images), rebuilt(child, tmp_path)(images)) < 1e-6


@pytest.mark.parametrize(
    ("skeleton", "cell"),
    [
        (DenseNetConfig(blocks=16, growth=48), TREE_CELL_A),
        (PyramidNetConfig(blocks=18, alpha=84), TREE_CELL_A),
        (CondenseNetConfig(), TREE_CELL_B),
    ],
)
def test_the_papers_networks_have_all_their_tensors(skeleton: SkeletonConfig, cell: Cell) -> None:
    converted = skeleton.family == "condensenet"
    network = build_empty(Architecture(skeleton, cell), device="meta", converted=converted)
    program = imported(write_program(network, about(), "w.safetensors"), Path("n.py"))
    with torch.device("meta"):
        made = getattr(program, type(network).__name__)()
    got = {name: tensor.shape for name, tensor in made.state_dict().items()}
    expected = {plain_name(name): t.shape for name, t in network.state_dict().items()}
    assert got == expected


def test_the_program_is_clean_and_in_ruffs_layout(tmp_path: Path) -> None:
    for family in FAMILIES:
        for number, cell in enumerate(CELLS):
            network = small_network(family, cell, grown=number % 2 == 1)
            forms = [network.converted()] if isinstance(network, CondenseNet) else []
            for form in (network, *forms):
                name = f"{family}{number}{form is network}".lower()
                (tmp_path / f"{name}.py").write_text(write_program(form, about(), "w.safetensors"))
    assert not faults_in(tmp_path)


HOSTILE = (
    '"""\nimport os; os.abort()\n',
    "'); raise SystemExit('",
    "\u202eright to left",
    "\ud800 half a pair",
    "a very long name " * 20,
    "\\",
    "{0}{name}",
    "schön 猫",
    "both \" and '",
    "",
)


def test_names_of_classes_are_never_code(tmp_path: Path) -> None:
    text = write_program(small_network("chainnet"), about(HOSTILE), "w.safetensors")
    assert imported(text, tmp_path / "n.py").CLASS_NAMES == HOSTILE
    text.encode("utf-8")
    assert "\u202e" not in text
    assert max(map(len, text.splitlines())) <= 100


CLASSIFY = """
for name in ("search_engine", "safetensors", "PIL"):
    try:
        __import__(name)
    except ImportError:
        continue
    sys.exit(f"{name} is here")
import torch
sys.path.insert(0, sys.argv[1])
import network
torch.set_num_threads(1)
pixels = open(sys.argv[2], "rb").read()
images = torch.frombuffer(bytearray(pixels), dtype=torch.uint8).view(-1, *network.IMAGE_SHAPE)
with torch.inference_mode():
    found = network.load()(network.preprocess(images)).argmax(dim=1)
print(found.tolist())
"""


def test_a_fresh_environment_finds_the_same_digits(
    trained_on_digits: Path,
    digits: "tuple[torch.Tensor, torch.Tensor]",
    bare_environment: Path,
    tmp_path: Path,
) -> None:
    images, labels = digits
    loaded = load(trained_on_digits)
    (tmp_path / "images.raw").write_bytes(images.contiguous().numpy().tobytes())
    save_file(plain_state(loaded.network), tmp_path / "network.safetensors")
    description = About.of(loaded.description)
    text = write_program(loaded.network, description, "network.safetensors")
    (tmp_path / "network.py").write_text(text)
    printed = run_bare(bare_environment, CLASSIFY, str(tmp_path), str(tmp_path / "images.raw"))
    found = torch.tensor(eval(printed))
    accuracy = float((found == labels).double().mean())
    assert accuracy == loaded.description.metrics["test_accuracy"]
    assert torch.equal(found, loaded.predict(images).argmax(dim=1))


def test_the_program_run_as_a_script_says_what_it_is(
    bare_environment: Path, tmp_path: Path
) -> None:
    network = small_network("densenet")
    rebuilt(network, tmp_path)
    path = tmp_path / "network.py"
    path.write_text(write_program(network, about(), "network.safetensors"))
    script = "import runpy; runpy.run_path(sys.argv[1], run_name='__main__')"
    printed = run_bare(bare_environment, script, str(path))
    count = sum(parameter.numel() for parameter in network.parameters())
    assert printed == f"DenseNet: {count:,} parameters, 10 classes, images (1, 8, 8)\n"


def test_weights_that_are_not_there_are_named(tmp_path: Path) -> None:
    network = small_network("chainnet")
    saved(network, tmp_path / "checkpoint")
    program = imported(write_program(network, about(), "missing.safetensors"), tmp_path / "n.py")
    with pytest.raises(FileNotFoundError, match=r"missing\.safetensors"):
        program.load()
