"""Draw the packed data set `clothing` from the whole Fashion-MNIST.

    python -m search_engine.packed.draw_clothing

It keeps all test images, and as many training images of each class as 10 MB allow. They are the
original's, unchanged, in files of its format, compressed by xz: a seventh smaller than gzip's.
"""

import argparse
import lzma
from pathlib import Path

import torch
from torch import Tensor

from search_engine.data import load_dataset
from search_engine.data.splits import draw_stratified, seeded_generator
from search_engine.packed import PACKED

TRAINING_IMAGES = 15_000
SEED = 0


def write_idx(path: Path, values: Tensor) -> None:
    """Write an IDX file, compressed.

    Args:
        values: uint8, of any shape.
    """
    sizes = b"".join(size.to_bytes(4, "big") for size in values.shape)
    header = bytes((0, 0, 8, values.dim())) + sizes
    content = header + values.contiguous().numpy().tobytes()
    path.write_bytes(lzma.compress(content, preset=9 | lzma.PRESET_EXTREME))


def draw(source: Path | None, target: Path) -> None:
    """Write the four files of the data set.

    Args:
        source: a folder of data sets with Fashion-MNIST; Debian's is looked into as well.
    """
    whole = load_dataset("fashion-mnist", folder=source)
    others = torch.arange(len(whole))[~torch.isin(torch.arange(len(whole)), whole.test)]
    train, _ = draw_stratified(whole.labels, others, TRAINING_IMAGES, seeded_generator(SEED))
    target.mkdir(parents=True, exist_ok=True)
    for prefix, indexes in (("train", train), ("t10k", whole.test)):
        write_idx(target / f"{prefix}-images-idx3-ubyte.xz", whole.images[indexes, 0])
        write_idx(target / f"{prefix}-labels-idx1-ubyte.xz", whole.labels[indexes].byte())


def main() -> None:
    """Draw it anew; the same images give the same files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-folder", type=Path, help="where data sets are on disk")
    draw(parser.parse_args().data_folder, PACKED / "clothing")


if __name__ == "__main__":
    main()
