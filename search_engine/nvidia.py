"""What NVIDIA's driver says of this machine's GPUs. No torch."""

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

SECONDS = 20
VERSION = Path("/sys/module/nvidia/version")
SIGNS = (Path("/proc/driver/nvidia/gpus"), Path("/dev/nvidia0"), Path("/dev/dxg"))
"""Any of these is there where a GPU is; the last under Windows."""

_LINE = re.compile(r"^(?:GPU \d+: (?P<card>.*)|\s+(?P<slice>MIG \S+).*) \(UUID: (?P<uuid>\S+)\)$")


class Gpu(NamedTuple):
    """What one process can have for itself.

    Args:
        uuid: as CUDA_VISIBLE_DEVICES takes it: indexes mean different cards to different programs.
        name: for people.
        card: the card's UUID; another where this is a MIG slice of it.
    """

    uuid: str
    name: str
    card: str


def gpus() -> list[Gpu] | None:
    """All of this machine, of a sliced card its slices; None where nvidia-smi is missing."""
    text = smi("--list-gpus")
    return None if text is None else read_gpus(text)


def read_gpus(text: str) -> list[Gpu]:
    """The answer of `nvidia-smi --list-gpus`."""
    found: list[Gpu] = []
    card = Gpu("", "", "")
    for line in filter(None, map(_LINE.match, text.splitlines())):
        uuid = line["uuid"]
        if line["card"]:
            card = Gpu(uuid, line["card"], uuid)
            found.append(card)
            continue
        if card in found:
            found.remove(card)
        found.append(Gpu(uuid, f"{card.name} {line['slice']}", card.uuid))
    return found


def is_likely() -> bool:
    """Whether anything says that there is a GPU, at no cost."""
    return any(sign.exists() for sign in SIGNS) or bool(gpus())


def driver() -> str:
    """The driver's version, such as `550.54.14`; empty where it is not known."""
    try:
        return VERSION.read_text(encoding="ascii").strip()
    except OSError:
        answer = smi("--query-gpu=driver_version", "--format=csv,noheader")
        return (answer or "").partition("\n")[0].strip()


def smi(*arguments: str) -> str | None:
    """What nvidia-smi answers; nothing where it refuses, None where it is not there."""
    try:
        answer = subprocess.run(
            ["nvidia-smi", *arguments], capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout if answer.returncode == 0 else ""


def names_none(visible: str | None) -> bool:
    """Whether this value of CUDA_VISIBLE_DEVICES hides all GPUs."""
    return visible is not None and not named(visible)


def named(visible: str) -> Sequence[str]:
    """The GPUs that this value of CUDA_VISIBLE_DEVICES names."""
    return [name.strip() for name in visible.split(",") if name.strip() not in ("", "-1")]
