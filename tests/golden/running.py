"""Small searches and final trainings of digits at a fixed seed, by the command line alone.

What they do is told by what they leave in their folders, so that nothing here has to follow when
the engine's modules are moved.
"""

import hashlib
import json
import platform
import runpy
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from safetensors.torch import load_file

SEARCHES = Path(__file__).parent / "searches"
EXPECTED = Path(__file__).parent / "curves.json"
RUN = "--device cpu --threads 1"
FINAL = f"train --data digits --epochs 3 --batch-size 64 --validation 150 --seed 5 {RUN}"
CHAIN = "--network chainnet --blocks 1 --channels 8 --drop-path 0.2 --cutout 2"
REGULAR = "--ema 0.9 --label-smoothing 0.1 --learning-rate 0.05 --weight-decay 0.001"
CELL = "add[conv3x3, sep3]"
GROWN = "--weights grown --learning-rate 0.02"

Found = dict[str, Any]


def run_all(folder: Path) -> Found:
    """Run everything in new folders below this one; what was found, as plain values."""
    searches = {path.stem: _search(path, folder) for path in sorted(SEARCHES.glob("*.json"))}
    grown = folder / "reinforce" / "trials" / "0001"
    return {
        "machine": machine(),
        "searches": searches,
        "final_trainings": {
            "scratch": _final(folder / "scratch", f"{CHAIN} {REGULAR}", "--cell", CELL),
            "grown": _final(folder / "grown", GROWN, "--found", grown),
        },
    }


def machine() -> str:
    """What the last digits depend on: version of torch, and for which processor it computes."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text().splitlines() if told.exists() else []
    facts = dict(_fact(line) for line in reversed(lines) if ":" in line)
    model = [facts.get(name, "") for name in ("vendor_id", "cpu family", "model")]
    instructions = torch.backends.cpu.get_cpu_capability()
    return " ".join([f"torch {torch.__version__}", platform.machine(), instructions, *model])


def _fact(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip(), value.strip()


def command(options: str, *more: str | Path) -> None:
    """`python -m search_engine …`, in this process."""
    words = [*options.split(), *map(str, more)]
    with patch.object(sys, "argv", ["search_engine", *words]):
        try:
            runpy.run_module("search_engine", run_name="__main__")
        except SystemExit as end:
            if end.code:
                raise RuntimeError(f"{words} ended with {end.code}") from None


def _search(config: Path, below: Path) -> Found:
    """Run the search with this config: one that is resumed before its first trial."""
    folder = below / config.stem
    folder.mkdir()
    shutil.copy(config, folder / "config.json")
    command(f"search {RUN}", "--resume", folder)
    trials = map(json.loads, (folder / "trials.jsonl").read_text().splitlines())
    start = json.loads((folder / "start" / "checkpoint.json").read_text())
    return {
        "start": {"metrics": start["metrics"], "weights": _digest(folder / "start")},
        "trials": [_trial(trial, folder / "trials" / f"{trial['trial']:04}") for trial in trials],
    }


def _trial(line: Found, checkpoint: Path) -> Found:
    """All that is recorded of a trial but how long it took."""
    line["result"] = _without(line["result"], ("seconds", "images_per_second"))
    return {**line, "weights": _digest(checkpoint)}


def _final(folder: Path, options: str, *more: str | Path) -> Found:
    command(f"{FINAL} {options}", *more, "--out", folder)
    result: Found = json.loads((folder / "training" / "result.json").read_text())
    speed = ("seconds", "images_per_second", "eta_seconds")
    result["curve"] = [_without(epoch, speed) for epoch in result["curve"]]
    return {**_without(result, speed), "weights": _digest(folder)}


def _without(values: Found, names: Iterable[str]) -> Found:
    return {name: value for name, value in values.items() if name not in names}


def _digest(checkpoint: Path) -> str:
    """Of all weights, to the last bit."""
    digest = hashlib.sha256()
    for name, tensor in sorted(load_file(checkpoint / "weights.safetensors").items()):
        digest.update(name.encode() + tensor.contiguous().numpy().tobytes())
    return digest.hexdigest()
