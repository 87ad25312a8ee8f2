"""The report's charts of the strategy: rewards with their baseline, entropy, what it picks."""

from collections import Counter
from collections.abc import Sequence

from search_engine.architecture import Operation
from search_engine.report.formats import percent
from search_engine.report.markup import Markup, element, number
from search_engine.report.operations import KINDS
from search_engine.report.plot import Plot, Point
from search_engine.report.records import Record, Row
from search_engine.report.scales import Axis, axis_over, trial_axis, trial_ticks, upper_part

MOST_WINDOWS = 24
LEAST_TRIALS = 5
"""In a window, unless there are fewer trials in all."""
LABEL_HEIGHT = 0.075
"""Of the stacked chart's labels, as a share of its height."""


def reward_axis(record: Record) -> Axis:
    """Over the rewards and the baseline, outliers far below left out."""
    shown = upper_part([row.reward for row in record.rows])
    shown += [value for _, value in record.diagnostic("baseline")]
    return axis_over(shown, least=0.02 * max(1.0, *map(abs, shown)))


def reward_chart(record: Record) -> Markup:
    """Reward of each trial, and the baseline that it is compared with where there is one."""
    baseline = record.diagnostic("baseline")
    rewards = [(float(row.number), row.reward) for row in record.rows]
    plot = Plot(trial_axis(record.last_number), reward_axis(record))
    names = [f"Trial {row.number}: reward {row.reward:.3g}" for row in record.rows]
    label = f"Reward of {len(rewards)} trials"
    if baseline:
        label += f", and the baseline from {baseline[0][1]:.3g} to {baseline[-1][1]:.3g}"
    return plot.frame(
        label,
        data=(plot.dots(rewards, names), plot.line(baseline) if baseline else None),
        x_ticks=_trials(record),
        y_ticks=_ticks(plot.y, 5),
        class_="short" if record.diagnostic("entropy") else "",
    )


def entropy_chart(record: Record) -> Markup:
    """Entropy of the controller's choices after each trial: how much it still tries."""
    entropy = record.diagnostic("entropy")
    plot = Plot(
        trial_axis(record.last_number), axis_over([value for _, value in entropy], least=0.1)
    )
    return plot.frame(
        f"Entropy from {entropy[0][1]:.3g} to {entropy[-1][1]:.3g}",
        data=(plot.line(entropy, "line second"),),
        x_ticks=_trials(record),
        y_ticks=_ticks(plot.y, 2),
        class_="strip",
    )


def share_chart(record: Record) -> Markup:
    """Share of each operation among the edges whose operation was chosen, over time."""
    windows = _windows(record.rows)
    counts = [_count(window) for window in windows]
    shown = [operation for operation in KINDS if any(count[operation] for count in counts)]
    plot = Plot(Axis(0.0, 1.0), Axis(0.0, 1.0))
    lows = [0.0] * len(counts)
    areas, ends = [], []
    for operation in shown:
        highs = [
            low + count[operation] / max(count.total(), 1)
            for low, count in zip(lows, counts, strict=True)
        ]
        areas.append(_area(operation, lows, highs))
        ends.append((lows[-1] + highs[-1]) / 2)
        lows = highs
    axis = trial_axis(record.last_number)
    return plot.frame(
        _share_label(shown, counts),
        data=areas,
        marks=[
            element(
                "text",
                KINDS[operation].label,
                x="100%",
                y=f"{100 - 100 * place:.1f}%",
                dx=8,
                dy=4,
                class_="band",
            )
            for operation, place in zip(shown, _apart(ends), strict=True)
        ],
        x_ticks={axis.share(tick): text for tick, text in _trials(record).items()},
        y_ticks={0.0: "0", 0.5: "50", 1.0: "100"},
        class_="shares",
    )


def _trials(record: Record) -> dict[float, str]:
    return {float(tick): f"{tick:,}" for tick in trial_ticks(record.last_number, 3)}


def _ticks(axis: Axis, most: int) -> dict[float, str]:
    return {tick: f"{tick:.4g}" for tick in axis.ticks(most)}


def _windows(rows: Sequence[Row]) -> list[Sequence[Row]]:
    """Neighbouring trials, at least `LEAST_TRIALS` in a window; the last one may be longer."""
    size = max(LEAST_TRIALS, -(-len(rows) // MOST_WINDOWS))
    starts = range(0, max(len(rows) - size + 1, 1), size)
    return [rows[start : start + size if start != starts[-1] else len(rows)] for start in starts]


def _count(rows: Sequence[Row]) -> Counter[Operation]:
    """The root's edges keep the start cell's operation: only those below are chosen."""
    return Counter(
        branch.operation for row in rows for path, branch in row.cell.branches() if len(path) > 1
    )


def _area(operation: Operation, lows: Sequence[float], highs: Sequence[float]) -> Markup:
    """A band between two lines; windows lie at their middles, the first and last reach the ends."""
    middles = [1000 * (index + 0.5) / len(lows) for index in range(len(lows))]
    there: list[Point] = [(0.0, highs[0]), *zip(middles, highs, strict=True), (1000.0, highs[-1])]
    back: list[Point] = [(0.0, lows[0]), *zip(middles, lows, strict=True), (1000.0, lows[-1])]
    path = "L".join(f"{number(x)} {number(1000 - 1000 * y)}" for x, y in (*there, *reversed(back)))
    kind = KINDS[operation]
    title = element("title", kind.name)
    return element("path", title, d=f"M{path}Z", class_=f"area op-{kind.hue} {operation}")


def _apart(places: Sequence[float]) -> list[float]:
    """Places from the bottom up, moved as little as keeps each label clear of the one below."""
    moved: list[float] = []
    for place in places:
        moved.append(max(place, moved[-1] + LABEL_HEIGHT) if moved else place)
    top = 1.0
    for index in reversed(range(len(moved))):
        moved[index] = top = min(moved[index], top)
        top -= LABEL_HEIGHT
    return moved


def _share_label(shown: Sequence[Operation], counts: Sequence[Counter[Operation]]) -> str:
    last = counts[-1]
    shares = ", ".join(
        f"{KINDS[operation].label} {percent(last[operation] / max(last.total(), 1), 0)} %"
        for operation in shown
    )
    return f"Share of each operation over the trials; at the end: {shares}"
