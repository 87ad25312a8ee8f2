"""Where a search's wall time goes: what is not the children's forward and backward passes.

    python -m benchmarks.search_overhead [--preset fashion-small] [--trials 4] [--device cuda]

A search runs as from the command line, its folder included, on a start network that is there. Data,
augmentation, schedule, events and whatever is not named are "everything else". The goal: under 5 %
outside the networks' passes.
"""

import argparse
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from benchmarks.report import machine, table
from search_engine.data import SplitDataset, load_dataset
from search_engine.networks import Network
from search_engine.search import evaluation
from search_engine.search.folder import SearchFolder
from search_engine.search.runner import Runner
from search_engine.search.search import Search
from search_engine.spec.presets import preset
from search_engine.training.step import TrainStep


class Clock:
    """Adds up seconds by name; the innermost name counts."""

    def __init__(self, device: torch.device) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._cuda = device.type == "cuda"
        self._names: list[str] = []
        self._since = time.perf_counter()

    @contextmanager
    def timing(self, name: str) -> Iterator[None]:
        """Count what happens within under this name."""
        self._pass()
        self._names.append(name)
        try:
            yield
        finally:
            self._pass()
            self._names.pop()

    def wrap(self, owner: Any, attribute: str, name: str) -> None:
        """Time every call of a function or method."""
        original: Callable[..., Any] = getattr(owner, attribute)

        def timed(*arguments: Any, **options: Any) -> Any:
            with self.timing(name):
                return original(*arguments, **options)

        setattr(owner, attribute, timed)

    def _pass(self) -> None:
        if self._cuda:
            torch.cuda.synchronize()
        now = time.perf_counter()
        self.seconds[self._names[-1] if self._names else "everything else"] += now - self._since
        self._since = now


def main() -> None:
    """Run a short search and print the shares."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", default="fashion-small")
    parser.add_argument("--trials", type=int, default=4)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    arguments = parser.parse_args()
    config = preset(arguments.preset)
    config = replace(
        config,
        budget=replace(config.budget, max_trials=arguments.trials),
        start_recipe=replace(config.start_recipe, epochs=1),
    )
    device = torch.device(arguments.device)
    data = SplitDataset(
        load_dataset(config.data.name), config.data, seed=config.split_seed, device=device
    )
    with tempfile.TemporaryDirectory() as folder:
        runner = Runner(config, data, SearchFolder(Path(folder)), devices=[device])
        start, _ = evaluation.train_start_network(config, data, device=device)
        clock = Clock(device)
        clock.wrap(TrainStep, "__call__", "loss, backward, update")
        clock.wrap(Network, "__call__", "forward passes")
        clock.wrap(evaluation, "inherit", "inherit")
        clock.wrap(Search, "ask", "strategy")
        clock.wrap(Search, "tell", "strategy")
        clock.wrap(SearchFolder, "write_state", "saving")
        clock.wrap(SearchFolder, "write_trial", "saving")
        began = time.perf_counter()
        runner.run(start)
        with clock.timing("end"):
            total = time.perf_counter() - began
    rows = [
        [name, f"{seconds:.2f}", f"{seconds / total:.1%}"]
        for name, seconds in sorted(clock.seconds.items(), key=lambda item: -item[1])
        if name != "end"
    ]
    networks = clock.seconds["forward passes"] + clock.seconds["loss, backward, update"]
    print(f"{arguments.preset}, {arguments.trials} trials, {total:.1f} s. {machine(str(device))}\n")
    print(table(["part", "seconds", "share"], rows))
    print(f"\nnot in the networks' passes: {1 - networks / total:.1%}")


if __name__ == "__main__":
    main()
