"""What preparing pictures costs, and what training from the disk does.

    python -m benchmarks.pictures [--counts 1000,50000] [--side 64]

JPEGs are made, packed as a zip, and prepared in a process of its own each time; seconds are those
of the processor, for other work may use the machine. Then images are gathered in random order from
memory, and from the file on the disk.
"""

import argparse
import io
import resource
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from PIL import Image

from benchmarks.report import machine, table
from search_engine.data import DeviceImages, read_folder
from search_engine.data.stored import STORED_DATASET, stored_dataset

CLASSES = 10
BATCH, BATCHES = 256, 200
MIB = 1 << 20


def make(path: Path, count: int, side: int) -> None:
    """A zip of JPEGs of noise on waves, all different."""
    rows, columns = np.mgrid[:side, :side]
    generator = np.random.default_rng(0)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for index in range(count):
            speeds = generator.uniform(2, 12, 6)
            waves = [np.sin(rows / speeds[c]) + np.cos(columns / speeds[c + 3]) for c in range(3)]
            pixels = (np.stack(waves, axis=2) * 60 + 128).clip(0, 255).astype(np.uint8)
            file = io.BytesIO()
            Image.fromarray(pixels).save(file, "JPEG", quality=85)
            archive.writestr(f"{index % CLASSES}/{index}.jpg", file.getvalue())


def prepare(path: Path, folder: Path) -> None:
    """Read a zip into a folder, and print seconds and peak memory in MiB."""
    read_folder(path, keep_in=folder)
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def prepared(path: Path, folder: Path) -> tuple[float, float]:
    """Seconds and MiB of a process that prepares the zip; without what its start takes."""
    command = [sys.executable, "-m", "benchmarks.pictures", "--prepare"]
    ran = subprocess.run(
        [*command, str(path), str(folder)], check=True, capture_output=True, text=True
    )
    seconds, mib = ran.stdout.split()
    return float(seconds), float(mib)


def gathering(folder: Path) -> list[list[str]]:
    """Images/s in random order, from memory and from the file."""
    mapped = stored_dataset(folder)
    order = torch.randint(len(mapped), (BATCHES, BATCH), generator=torch.Generator().manual_seed(0))
    held = DeviceImages(mapped)
    held._pixels = held._pixels.clone()
    rows: list[list[str]] = []
    for name, images in (("memory", held), ("disk, mapped", DeviceImages(mapped))):
        images.gather(order.flatten())
        best = float("inf")
        for _ in range(5):
            started = time.process_time()
            for indexes in order:
                images.gather(indexes)
            best = min(best, time.process_time() - started)
        rows.append([name, f"{BATCH * BATCHES / best:,.0f}"])
    return rows


def main() -> None:
    """Make, prepare, gather, and print tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--counts", default="1000,50000")
    parser.add_argument("--side", type=int, default=64)
    parser.add_argument("--prepare", nargs=2, type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.prepare:
        prepare(*arguments.prepare)
        return
    print(machine())
    rows = []
    with TemporaryDirectory() as place:
        for count in map(int, arguments.counts.split(",")):
            path, folder = Path(place) / f"{count}.zip", Path(place) / str(count)
            folder.mkdir()
            make(path, count, arguments.side)
            seconds, mib = prepared(path, folder)
            size = (folder / STORED_DATASET).stat().st_size / MIB
            rows.append([f"{count:,}", f"{seconds:.1f}", f"{mib:.0f}", f"{size:.0f}"])
        print(table(["pictures", "processor s", "peak MiB", "prepared MiB"], rows))
        print(table(["images from", "images/s"], gathering(folder)))


if __name__ == "__main__":
    main()
