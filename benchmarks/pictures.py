"""What preparing pictures costs, and what training from the disk does.

    python -m benchmarks.pictures [--counts 1000,50000] [--side 64] [--gigabytes 20] [--in FOLDER]

JPEGs are made, packed as a zip, and prepared in a process of its own each time; seconds are those
of the processor, for other work may use the machine. The last zip is prepared once more, enlarged
to so many gigabytes, and once at CIFAR's size: those images are gathered in random order from
memory, and from the file on the disk.
"""

import argparse
import io
import resource
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from PIL import Image

from benchmarks.report import machine, table
from search_engine.data import Batches, DeviceImages, Limits, read_folder
from search_engine.data.stored import STORED_DATASET, stored_dataset

CLASSES = 10
CIFAR_SIDE = 32
BATCH, BATCHES, ROUNDS = 256, 200, 12
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


def prepare(path: Path, folder: Path, side: int) -> None:
    """Read a zip into a folder, and print seconds and peak memory in MiB."""
    read_folder(path, keep_in=folder, size=(side, side), limits=Limits(total_bytes=1 << 40))
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def prepared(path: Path, folder: Path, side: int) -> list[str]:
    """A line of the table, from a process that prepares the zip at this size into a new folder."""
    folder.mkdir()
    command = [sys.executable, "-m", "benchmarks.pictures", "--prepare"]
    ran = subprocess.run(
        [*command, str(path), str(folder), str(side)], check=True, capture_output=True, text=True
    )
    seconds, mib = map(float, ran.stdout.split())
    size = (folder / STORED_DATASET).stat().st_size / MIB
    line = [path.stem, f"{side} x {side}", f"{seconds:.1f}", f"{mib:.0f}", f"{size:,.0f}"]
    print(*line, flush=True)
    return line


def gathering(folder: Path) -> list[list[str]]:
    """Images/s in random order from memory and from the file: as they lie there, and as training
    has them, moved and normalised."""
    mapped = stored_dataset(folder)
    held, read = DeviceImages(mapped), DeviceImages(mapped)
    held._pixels = held._pixels.clone()
    order = torch.randint(len(mapped), (BATCHES, BATCH), generator=torch.Generator().manual_seed(0))
    statistics = mapped.statistics(order.flatten())
    settings: dict[str, Any] = {"statistics": statistics, "augmentation": mapped.augmentation}
    rounds: list[list[Callable[[], Iterable[object]]]] = [
        [
            partial(map, images.gather, order),
            partial(Batches(images, order.flatten(), BATCH, **settings).epoch, 0),
        ]
        for images in (held, read)
    ]
    best = [[0.0, 0.0], [0.0, 0.0]]
    for _ in range(ROUNDS):  # in turn: other work on the machine is the same for both
        for place, ways in enumerate(rounds):
            for way, batches in enumerate(ways):
                best[place][way] = max(best[place][way], images_per_second(batches))
    names = ("memory", "disk, mapped")
    return [
        [name, *(f"{n:,.0f}" for n in speeds)] for name, speeds in zip(names, best, strict=True)
    ]


def images_per_second(batches: Callable[[], Iterable[object]]) -> float:
    """In seconds of the processor."""
    started = time.process_time()
    for _batch in batches():
        pass
    return BATCH * BATCHES / (time.process_time() - started)


def main() -> None:
    """Make, prepare, gather, and print tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--counts", default="1000,50000")
    parser.add_argument("--side", type=int, default=64)
    parser.add_argument("--gigabytes", type=float, default=0.0)
    parser.add_argument("--in", dest="place", type=Path, help="where zips are made, and stay")
    parser.add_argument("--prepare", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.prepare:
        path, folder, side = arguments.prepare
        prepare(Path(path), Path(folder), int(side))
        return
    torch.set_num_threads(1)
    print(machine())
    rows = []
    with TemporaryDirectory(dir=arguments.place) as name:
        for count in map(int, arguments.counts.split(",")):
            path = (arguments.place or Path(name)) / f"{count}.zip"
            if not path.exists():
                make(path, count, arguments.side)
            rows.append(prepared(path, Path(name) / str(count), arguments.side))
        cifar = Path(name) / "cifar"
        rows.append(prepared(path, cifar, CIFAR_SIDE))
        if arguments.gigabytes:
            side = round((arguments.gigabytes * 1e9 / count / 3) ** 0.5)
            rows.append(prepared(path, Path(name) / "large", side))
        print(table(["pictures", "prepared at", "processor s", "peak MiB", "prepared MiB"], rows))
        print(table(["images from", "gathered/s", "for training/s"], gathering(cifar)))


if __name__ == "__main__":
    main()
