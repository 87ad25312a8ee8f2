"""The report's charts of accuracy: trial by trial, and against what a network costs."""

from collections.abc import Callable, Sequence

from search_engine.objective import pareto_front
from search_engine.report.formats import percent, short_count, tick_count
from search_engine.report.markup import Markup
from search_engine.report.plot import Plot, Point
from search_engine.report.records import Record, Row
from search_engine.report.scales import Axis, axis_over, trial_axis, trial_ticks, upper_part

Placed = tuple[float, float, Row]
"""A completed trial at (cost, accuracy)."""


def accuracy_axis(record: Record) -> Axis:
    """Over the accuracies and the start network's, outliers far below left out."""
    shown = upper_part([accuracy for _, accuracy in record.completed])
    return axis_over([*shown, record.start_accuracy], pad=0.1, least=0.01)


def below_axis(record: Record) -> int:
    """How many completed trials lie below the axis, and are drawn at its bottom."""
    low = accuracy_axis(record).low
    return sum(accuracy < low for _, accuracy in record.completed)


def accuracy_chart(record: Record) -> Markup:
    """Accuracy of each trial, the best so far, the start network, failed trials."""
    plot = Plot(trial_axis(record.last_number), accuracy_axis(record))
    points = [(float(row.number), accuracy) for row, accuracy in record.completed]
    names = [f"Trial {row.number}: {percent(value)} %" for row, value in record.completed]
    best = record.most_accurate
    return plot.frame(
        _accuracy_label(record),
        data=(
            plot.dots(points, names),
            plot.steps(_rises(points), record.last_number),
            plot.rug(float(row.number) for row in record.failed),
        ),
        marks=(
            plot.across(record.start_accuracy, f"start network {percent(record.start_accuracy)}"),
            *(_best_mark(plot, *best) if best else ()),
        ),
        x_ticks={float(tick): f"{tick:,}" for tick in trial_ticks(record.last_number)},
        y_ticks=accuracy_ticks(plot.y),
        class_="tall",
    )


def pareto_chart(
    record: Record, cost: Callable[[Row], float | None], start: float | None, unit: str
) -> Markup:
    """Accuracy against a cost; the trials that no other beats, joined and numbered.

    Args:
        record: the trials.
        cost: of a trial, where it is known.
        start: the start network's, where it is known.
        unit: what the cost counts, or its unit.
    """
    placed = [
        (value, accuracy, row)
        for row, accuracy in record.completed
        if (value := cost(row)) is not None
    ]
    front = [placed[i] for i in pareto_front([(value, accuracy) for value, accuracy, _ in placed])]
    known = [] if start is None else [start]
    values = [*known, *(value for value, _, _ in placed)]
    least = 1.0 if start is not None else max(values, default=1.0) / 10
    plot = Plot(axis_over(values, least=least), accuracy_axis(record))
    return plot.frame(
        _pareto_label(front, unit),
        data=(
            plot.dots([point[:2] for point in placed], [_say(point, unit) for point in placed]),
            plot.steps([point[:2] for point in front], plot.x.high),
        ),
        marks=(
            *(_start_mark(plot, value, record.start_accuracy, unit) for value in known),
            *(plot.mark(point[:2], _say(point, unit)) for point in front),
            *_numbers(plot, front),
        ),
        x_ticks={tick: tick_count(tick) for tick in plot.x.ticks(4) if tick >= 0},
        y_ticks=accuracy_ticks(plot.y),
    )


def _start_mark(plot: Plot, cost: float, accuracy: float, unit: str) -> Markup:
    text = f"Start network: {percent(accuracy)} %, {short_count(cost)} {unit}"
    return plot.mark((cost, accuracy), text, "mark start")


def accuracy_ticks(axis: Axis) -> dict[float, str]:
    """Round accuracies, in percent."""
    ticks = [tick for tick in axis.ticks(6) if 0 <= tick <= 1 + 1e-9]
    step = ticks[1] - ticks[0] if len(ticks) > 1 else 1.0
    digits = next((d for d in (0, 1, 2) if abs(round(100 * step, d) - 100 * step) < 1e-6), 3)
    return {tick: percent(tick, digits) for tick in ticks}


def _rises(points: Sequence[Point]) -> list[Point]:
    """The points that are higher than all before them."""
    rises: list[Point] = []
    for point in points:
        if not rises or point[1] > rises[-1][1]:
            rises.append(point)
    return rises


def _best_mark(plot: Plot, row: Row, accuracy: float) -> tuple[Markup, Markup]:
    point = (float(row.number), accuracy)
    left = plot.x.share(point[0]) > 0.6
    text = f"{percent(accuracy)} · trial {row.number}"
    return (
        plot.mark(point, text),
        plot.text(point, text, class_="best-text", dx=-8 if left else 8, dy=-9),
    )


def _numbers(plot: Plot, front: Sequence[Placed]) -> list[Markup]:
    """The front's numbers above left of its points, or below right, where no other stands.

    Reckoned for a narrow chart of 300 x 200 pixels, so that they are apart at every width.
    """
    texts: list[Markup] = []
    taken: list[tuple[float, float]] = []
    for cost, accuracy, row in reversed(front):
        right, down = plot.place((cost, accuracy))
        for dx, dy in ((-6, -6), (8, 13)):
            middle = (0.30 * right + 2.2 * dx, 0.2 * down + dy - 4)
            if all(abs(middle[0] - x) > 26 or abs(middle[1] - y) > 12 for x, y in taken):
                taken.append(middle)
                text = plot.text(
                    (cost, accuracy), str(row.number), class_="front-text", dx=dx, dy=dy
                )
                texts.append(text)
                break
    return texts


def _say(point: Placed, unit: str) -> str:
    cost, accuracy, row = point
    return f"Trial {row.number}: {percent(accuracy)} %, {short_count(cost)} {unit}"


def _accuracy_label(record: Record) -> str:
    best = record.most_accurate
    text = f"Accuracy of {len(record.completed)} trials; start network "
    text += f"{percent(record.start_accuracy)} %"
    return text + (f"; best {percent(best[1])} %, trial {best[0].number}" if best else "")


def _pareto_label(front: Sequence[Placed], unit: str) -> str:
    points = "; ".join(_say(point, unit) for point in front)
    return f"Accuracy against {unit}. No other trial beats: {points or 'none yet'}"
