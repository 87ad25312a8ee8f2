"""What came out of `benchmarks.growing`: a run, the table of all, and their picture."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib
from matplotlib import pyplot

from benchmarks.report import table
from benchmarks.results import RESULTS
from search_engine.spec.comparison import Gain


@dataclass(frozen=True)
class Run:
    """What an arm came to with a seed. Accuracies are fractions of the test images.

    Args:
        compute: multiply-adds of all its trainings.
        curve: compute and validation accuracy on the way.
        hits: of each test image whether it is told right, as hexadecimal digits.
    """

    setting: str
    seed: int
    arm: str
    accuracy: float
    parameters: int
    compute: float
    seconds: float
    curve: list[tuple[float, float]]
    hits: str


def difference(found: Run, other: Run, images: int) -> str:
    """Of two arms on the same images, in points, with its 95 % interval."""
    ours, theirs = (
        [digit == "1" for digit in f"{int(one.hits, 16):0{images}b}"] for one in (found, other)
    )
    gain = Gain.between(ours, theirs, [0] * images, 1)
    return " ".join(
        (f"{100 * gain.difference:+.2f}", f"({100 * gain.low:+.2f} to {100 * gain.high:+.2f})")
    )


def best_so_far(found: Run) -> list[tuple[float, float]]:
    """A curve that never falls: compute, and the best validation accuracy until then."""
    best, curve = 0.0, []
    for compute, accuracy in found.curve:
        best = max(best, accuracy)
        curve.append((compute, best))
    return curve


def share_until(found: Run, other: Run) -> float:
    """Of the other's compute, what an arm took to come to the other's last validation accuracy;
    infinite where it did not.
    """
    wanted = other.curve[-1][1]
    at = (compute for compute, best in best_so_far(found) if best >= wanted)
    return next(at, math.inf) / other.compute


def draw(setting: str, runs: Sequence[Run]) -> str:
    """Draw accuracy against compute, a seed a panel, and return the picture's Markdown."""
    matplotlib.use("svg")
    # Text stays text, and the same runs give the same file.
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": setting})
    seeds = sorted({one.seed for one in runs})
    size = (4.5 * len(seeds), 3.6)
    figure, panels = pyplot.subplots(
        1, len(seeds), figsize=size, sharey=True, squeeze=False, layout="constrained"
    )
    for seed, panel in zip(seeds, panels[0], strict=True):
        mine = [one for one in runs if one.seed == seed and one.curve]
        for number, one in enumerate(mine):
            compute, best = zip(*best_so_far(one), strict=True)
            values = ([c / 1e12 for c in compute], [100 * accuracy for accuracy in best])
            panel.plot(*values, label=one.arm, color=f"C{number}", drawstyle="steps-post")
        lowest = min((best_so_far(one)[len(one.curve) // 4][1] for one in mine), default=0.0)
        panel.set(title=f"seed {seed}", xlabel="10^12 multiply-adds", ylim=(100 * lowest, None))
        panel.grid(alpha=0.3)
    panels[0][0].set_ylabel("best of the validation images so far, %")
    panels[0][-1].legend(loc="lower right")
    path = RESULTS.parent / f"growing-{setting}.svg"
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
    return f"![Accuracy against compute, a line an arm]({path.name})"


def summary(runs: Sequence[Run]) -> str:
    """The table: an arm of a seed a line, each against `rest`."""
    by_seed: dict[int, dict[str, Run]] = {}
    for one in runs:
        by_seed.setdefault(one.seed, {})[one.arm] = one
    rows = []
    for seed, arms in sorted(by_seed.items()):
        for arm, one in arms.items():
            is_compared = "rest" in arms and arm != "rest"
            ahead = difference(one, arms["rest"], 10_000) if is_compared else "–"
            cost = [f"{one.parameters:,}", f"{one.compute / 1e12:.2f}"]
            share = share_until(one, arms["scaled"]) if "scaled" in arms else math.inf
            reached = f"{share:.2f}" if share < math.inf else "–"
            rows.append([str(seed), arm, f"{100 * one.accuracy:.2f}", *cost, ahead, reached])
    header = ["seed", "arm", "test images, %", "parameters", "10^12 multiply-adds"]
    return table([*header, "ahead of rest, points", "compute to `scaled`'s accuracy"], rows)
