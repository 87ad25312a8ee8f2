"""A fresh Python environment in which torch is installed, what torch itself needs, and no more."""

import subprocess
import venv
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

MEASURE = """
import sys
from importlib import metadata
import torch
allowed, folder, images, labels = sys.argv[1:]
installed = {found.name.lower().replace("_", "-") for found in metadata.distributions()}
assert installed <= set(allowed.split()), installed
sys.path.insert(0, folder)
import network
torch.set_num_threads(1)
pixels = torch.frombuffer(bytearray(open(images, "rb").read()), dtype=torch.uint8)
wanted = torch.tensor(list(open(labels, "rb").read()))
with torch.inference_mode():
    logits = network.load()(network.preprocess(pixels.view(-1, *network.IMAGE_SHAPE)))
print(int((logits.argmax(dim=1) == wanted).sum()) / len(wanted))
"""
"""What somebody does there with an export in plain PyTorch."""


def with_torch_alone(folder: Path) -> Path:
    """Make the environment, with links to what is installed here; its interpreter."""
    venv.create(folder, with_pip=False, symlinks=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    for name in needed_by("torch"):
        found = metadata.distribution(name)
        for top in {file.parts[0] for file in found.files or ()} - {"..", "__pycache__"}:
            if not (packages / top).exists():
                (packages / top).symlink_to(Path(str(found.locate_file(top))))
    return folder / "bin" / "python"


def needed_by(name: str) -> set[str]:
    """A package and whatever it cannot do without, by canonical names."""
    found, left = set[str](), [name]
    while left:
        one = canonicalize_name(left.pop())
        if one not in found:
            found.add(one)
            needs = map(Requirement, metadata.requires(one) or ())
            left += [n.name for n in needs if n.marker is None or n.marker.evaluate({"extra": ""})]
    return found


def accuracy(python: Path, program: Path, images: bytes, labels: bytes) -> float:
    """How many images an exported program classifies rightly, as a fraction.

    Args:
        python: the environment's interpreter.
        program: folder of the unpacked export.
        images: pixels of all images, one after the other, uint8.
        labels: the class of each.
    """
    pixels, classes = program / "images.raw", program / "labels.raw"
    pixels.write_bytes(images)
    classes.write_bytes(labels)
    given = map(str, (" ".join(needed_by("torch")), program, pixels, classes))
    # -I: neither this folder nor a variable of this process leads to other packages.
    ran = subprocess.run(
        [python, "-I", "-c", MEASURE, *given], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return float(ran.stdout)
