"""Does the demonstration convince? Time and gain of the first click's search, for several seeds.

    python -m benchmarks.demo --seeds 5

Runs the preset `clothing-demo` as a user would from the command line, and reads from each search's
folder what it came to. Goals: the first child within 30 s, the end within 4 minutes on two cores,
and for 4 of 5 seeds a winner that is at least 1 point ahead of the control on the test images, with
an interval that excludes 0. Keeps every seed in `benchmarks/results/demo.jsonl` as it ends; seeds
that are there are not run again. Writes its table into `docs/results.md`.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.records import FOLDER, keep_run, read_runs
from benchmarks.report import machine, table
from benchmarks.results import write_section
from search_engine.search.folder import TRIALS

RECORD = FOLDER / "demo.jsonl"
PRESET = "clothing-demo"
COMPARISON = "comparison.json"
FIRST_CHILD_SECONDS, END_SECONDS, GAIN = 30, 240, 0.01
LOOK_SECONDS = 0.1


@dataclass(frozen=True)
class Demonstration:
    """One seed's search. Accuracies, of the test images, and their differences are fractions.

    Args:
        first_child_seconds: from the command to the end of the first trial.
        low: end of the 95 % interval of the gain over the control.
        high: the other end.
    """

    seed: int
    first_child_seconds: float
    seconds: float
    trials: int
    start: float
    control: float
    winner: float
    parameters: int
    gain: float
    low: float
    high: float
    verdict: str

    @property
    def convinces(self) -> bool:
        """Whether the winner is ahead by as much as it should, and surely ahead."""
        return self.gain >= GAIN and self.low > 0


def run_search(seed: int, options: Sequence[str]) -> Demonstration:
    """The whole search in a process of its own, in a folder that is thrown away."""
    with tempfile.TemporaryDirectory(prefix="espalier-demo-") as name:
        folder = Path(name) / "search"
        command = [sys.executable, "-m", "search_engine", "search", "--preset", PRESET]
        command += ["--out", str(folder), "--seed", str(seed), *options]
        began = time.monotonic()
        first_child = None
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
            while process.poll() is None:
                if first_child is None and (folder / TRIALS).exists():
                    first_child = time.monotonic() - began
                time.sleep(LOOK_SECONDS)
        seconds = time.monotonic() - began
        if process.returncode:
            raise RuntimeError(f"seed {seed}: the search ended with status {process.returncode}")
        trials = (folder / TRIALS).read_text(encoding="utf-8").splitlines()
        found = json.loads((folder / COMPARISON).read_text(encoding="utf-8"))
    return read_comparison(found, seed, first_child or seconds, seconds, len(trials))


def read_comparison(
    found: dict[str, Any], seed: int, first_child_seconds: float, seconds: float, trials: int
) -> Demonstration:
    """What a search's `comparison.json` says."""
    accuracies = {who: found[who]["accuracy"] for who in ("start", "control", "winner")}
    gain = found["gain"]
    return Demonstration(
        seed=seed,
        first_child_seconds=first_child_seconds,
        seconds=seconds,
        trials=trials,
        parameters=found["winner"]["parameters"],
        gain=gain["difference"],
        low=gain["low"],
        high=gain["high"],
        verdict=gain["verdict"],
        **accuracies,
    )


def summary(found: Sequence[Demonstration]) -> str:
    """The table, a seed a line."""
    header = ["seed", "first child, s", "end, s", "trials", "start, %", "control, %", "winner, %"]
    header += ["winner's parameters", "gain over the control, points", "95 % interval"]
    rows = [
        [
            str(one.seed),
            f"{one.first_child_seconds:.0f}",
            f"{one.seconds:.0f}",
            str(one.trials),
            *(f"{100 * accuracy:.2f}" for accuracy in (one.start, one.control, one.winner)),
            f"{one.parameters:,}",
            f"{100 * one.gain:+.2f}",
            f"{100 * one.low:+.2f} to {100 * one.high:+.2f}",
        ]
        for one in found
    ]
    return table(header, rows)


def verdict(found: Sequence[Demonstration]) -> str:
    """How many seeds meet each goal."""
    first = sum(one.first_child_seconds <= FIRST_CHILD_SECONDS for one in found)
    end = sum(one.seconds <= END_SECONDS for one in found)
    convincing = sum(one.convinces for one in found)
    return (
        f"Of {len(found)} seeds {first} had their first child within {FIRST_CHILD_SECONDS} s,"
        f" {end} ended within {END_SECONDS} s, and {convincing} have a winner that is ahead of the"
        f" control by at least {100 * GAIN:.0f} point with an interval that excludes 0."
    )


def main() -> None:
    """Run the seeds that are not there yet, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("options", nargs="*", help="after --: more options of the search")
    arguments = parser.parse_args()
    found = read_runs(RECORD, Demonstration)
    for seed in sorted(set(range(arguments.seeds)) - {one.seed for one in found}):
        found = [*found, run_search(seed, arguments.options)]
        print(found[-1], flush=True)
        keep_run(RECORD, asdict(found[-1]))
    text = (
        f"### {PRESET}\n\n`python -m benchmarks.demo --seeds {arguments.seeds}`\n\n"
        f"{summary(found)}\n\n{verdict(found)}\n\n{machine()}"
    )
    print(text)
    write_section("demo", text)


if __name__ == "__main__":
    main()
