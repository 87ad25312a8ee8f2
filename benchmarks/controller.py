"""The controller alone: how fast it is, and whether it learns.

    python -m benchmarks.controller [--cells 300] [--seeds 5] [--lag 0]

Speed: against the same policy in plain form, one call a node, which encodes the whole cell anew at
every decision as the authors' code does (tests/search_engine/controller/reference.py); one thread.

Learning: strategies on a reward that costs nothing, a fixed function of the tree.
"""

import argparse
import math
import platform
import statistics
import time
from collections import deque
from collections.abc import Callable

import torch

from search_engine.controller import Choices, Controller, Outcome, Reinforce, ReinforceSettings
from search_engine.spec import (
    Cell,
    Decision,
    Growth,
    Merge,
    Operation,
    SearchSpace,
    complete,
    grow,
)
from search_engine.strategies import STRATEGIES, Proposal, make_strategy
from search_engine.strategies.proposal import growth_of
from tests.search_engine.controller.reference import reference_log_probability, reference_policy

WORTH = {
    Operation.IDENTITY: 0.2,
    Operation.CONV_1X1: 0.4,
    Operation.SEP_CONV_3X3: 0.8,
    Operation.SEP_CONV_5X5: 1.0,
    Operation.SEP_CONV_7X7: 0.7,
    Operation.AVG_POOL_3X3: 0.5,
    Operation.MAX_POOL_3X3: 0.3,
}
BATCH = 10


def synthetic_accuracy(cell: Cell) -> float:
    """An invented accuracy: separable convolutions, different ones side by side, an `add` at the
    root and about twenty edges are good. Chance draws each of these often, and all rarely.
    """
    edges = [b for path, b in cell.branches() if len(path) > 1]
    worth = statistics.fmean(WORTH[branch.operation] for branch in edges)
    nodes = [node for path, node in cell.nodes() if path and len(node.branches) > 1]
    varied = [len({b.operation for b in n.branches}) / len(n.branches) for n in nodes]
    variety = statistics.fmean(varied) if varied else 0.0
    size = math.exp(-(((len(edges) - 20) / 10) ** 2))
    root = 1.0 if cell.root.merge is Merge.ADD else 0.0
    return 0.5 + 0.45 * (0.45 * worth + 0.2 * variety + 0.25 * size + 0.1 * root)


def synthetic_reward(cell: Cell) -> float:
    """The reward of the invented accuracy, as in the search."""
    return math.tan(synthetic_accuracy(cell) * math.pi / 2)


def _cell(proposal: Proposal) -> Cell:
    return growth_of(SearchSpace(), proposal.transformations).cell


def run(name: str, seed: int, cells: int, lag: int) -> list[float]:
    """Accuracies of the cells that a strategy tries, each told `lag` cells late."""
    strategy = make_strategy(name, SearchSpace(), seed)
    under_way: deque[Proposal] = deque()
    accuracies = []
    for _ in range(cells):
        under_way.append(strategy.ask())
        accuracies.append(synthetic_accuracy(_cell(under_way[-1])))
        if len(under_way) > lag:
            proposal = under_way.popleft()
            strategy.tell(proposal, synthetic_reward(_cell(proposal)))
    return accuracies


def learning(cells: int, seeds: int, lag: int) -> None:
    """Print a line for each strategy and seed."""
    print(f"\nInvented accuracy of {cells} cells, told {lag} cells late, in percent")
    head = ("first 100", "last 100", "best", "seconds")
    print(f"{'strategy':<12}{'seed':>5}" + "".join(f"{name:>11}" for name in head))
    for name in STRATEGIES:
        for seed in range(seeds):
            start = time.perf_counter()
            found = [100 * accuracy for accuracy in run(name, seed, cells, lag)]
            seconds = time.perf_counter() - start
            parts = (found[:100], found[-100:], [max(found)])
            numbers = [*map(statistics.fmean, parts), seconds]
            print(f"{name:<12}{seed:>5}" + "".join(f"{number:>11.2f}" for number in numbers))


def milliseconds(action: Callable[[], object], repeats: int) -> float:
    """Mean time of an action, after one for warming up."""
    action()
    start = time.perf_counter()
    for _ in range(repeats):
        action()
    return 1000 * (time.perf_counter() - start) / repeats


def plain_sample(controller: Controller, generator: torch.Generator) -> Growth:
    """A cell by the plain form of the policy."""

    def choose(decision: Decision) -> int:
        log_p = reference_policy(controller, decision)
        return int(torch.multinomial(log_p.exp(), 1, generator=generator))

    with torch.no_grad():
        return complete(grow(controller.space), choose)


def plain_gradient(controller: Controller, records: list[Choices]) -> None:
    """Gradient of a batch by the plain form: one forward a decision, one backward for all."""
    controller.zero_grad()
    growths = [reference_log_probability(controller, record) for record in records]
    torch.stack([log_p + 0.01 * entropy for log_p, entropy in growths]).sum().backward()


def batched_gradient(controller: Controller, records: list[Choices]) -> None:
    """The same gradient by the controller."""
    controller.zero_grad()
    log_p, entropy = controller.log_probabilities(records)
    (log_p + 0.01 * entropy).sum().backward()


def speed(title: str, expand_bias: float) -> None:
    """Print milliseconds a cell and an update, batched and plain.

    Args:
        title: what is measured.
        expand_bias: added to the logit of "insert a node": larger cells.
    """
    controller = Controller(SearchSpace(), generator=torch.Generator().manual_seed(0))
    controller.expand.output.bias.data += expand_bias
    fast, slow = (torch.Generator().manual_seed(1) for _ in range(2))
    cells = controller.sample(BATCH, fast)
    records = [cell.choices for cell in cells]
    times = (
        ("ms a sampled cell", 1 / BATCH, lambda: controller.sample(BATCH, fast), 30),
        ("", 1.0, lambda: plain_sample(controller, slow), 100),
        (f"ms a gradient of {BATCH} cells", 1.0, lambda: batched_gradient(controller, records), 30),
        ("", 1.0, lambda: plain_gradient(controller, records), 2),
    )
    measured = [share * milliseconds(action, repeats) for _, share, action, repeats in times]
    learner = Reinforce(controller, ReinforceSettings(learning_rate=1e-9))
    outcomes = [Outcome(cell.choices, cell.log_probability, 1.0, 0) for cell in cells]
    update = milliseconds(lambda: learner.update(outcomes), 30)
    print(f"\n{title}: {sum(map(len, records)) / BATCH:.1f} decisions a cell")
    print(f"{'':<28}{'batched':>10}{'plain':>10}{'ratio':>8}")
    for row in (0, 2):
        quick, plain = measured[row : row + 2]
        print(f"{times[row][0]:<28}{quick:>10.2f}{plain:>10.2f}{plain / quick:>8.1f}")
    print(f"{f'ms an update of {BATCH} cells':<28}{update:>10.2f}   (with clipping and Adam)")


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--cells", type=int, default=300)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--lag", type=int, default=0, help="trials under way at any time")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    print(f"One thread of {platform.machine()}, torch {torch.__version__}")
    speed("A new controller", 0.0)
    speed("A controller that likes large cells", 1.5)
    learning(arguments.cells, arguments.seeds, arguments.lag)


if __name__ == "__main__":
    main()
