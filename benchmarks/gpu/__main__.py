"""The check of a GPU: `make gpu`.

    python -m benchmarks.gpu [--only NAME,NAME] [--seconds 540] [--out FOLDER]

A part that breaks does not stop the next; one for which no time is left fails. Where all parts are
played, what they found is written into `docs/results.md`, too.
"""

import argparse
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import torch

from benchmarks.gpu import faults, machine, numbers, rates
from benchmarks.gpu.findings import RESULTS, Findings
from benchmarks.gpu.made import CUDA
from benchmarks.results import write_section
from search_engine.devices import cuda_is_available
from search_engine.training.device import free_memory

LEAST_SECONDS = 15.0

PARTS: dict[str, Callable[[Findings], None]] = {
    "machine": machine.machine,
    "speeds": rates.speeds,
    "kernels": rates.kernels,
    "layouts": rates.layouts,
    "together": rates.together,
    "trial": rates.trial,
    "graphs": numbers.graphs,
    "parity": numbers.parity,
    "preserving": numbers.preserving,
    "latency": numbers.latency,
    "same_again": numbers.same_again,
    "failure": faults.failure,
    "threads": faults.threads,
    "leaks": faults.leaks,
    "memory": faults.memory,
    "team": machine.team,
    "engine_tests": machine.engine_tests,
    "web_tests": machine.web_tests,
}


def main() -> int:
    """Play the parts; 1 where something failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--seconds", type=float, default=540.0)
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--replay", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    torch.set_num_threads(1)
    if not cuda_is_available():
        sys.exit("there is no GPU that torch can use: python -m search_engine.devices says why")
    if given.replay is not None:
        rates.replay_alone(given.replay)
        return 0
    found, began = Findings(), time.perf_counter()
    for name in given.only.split(",") if given.only else PARTS:
        found.part = name
        if given.seconds - (time.perf_counter() - began) < LEAST_SECONDS:
            found.holds("there was time for it", False)
            continue
        print(f"--- {name}", flush=True)
        _play(name, found)
        path = found.write(torch.cuda.get_device_name(CUDA), given.out)
    if given.out == RESULTS and not given.only:
        write_section(path.stem, found.markdown(torch.cuda.get_device_name(CUDA)))
    print(f"\n{len(found.lines)} lines in {path}; failed: {found.failed or 'none'}")
    return bool(found.failed)


def _play(name: str, found: Findings) -> None:
    started = time.perf_counter()
    try:
        PARTS[name](found)
    except Exception as error:
        found.holds("it ran to its end", False, f"{type(error).__name__}: {str(error)[:300]}")
        traceback.print_exc(limit=-4)
    found.figure("seconds", round(time.perf_counter() - started, 1))
    free_memory(CUDA)


if __name__ == "__main__":
    sys.exit(main())
