"""The report's cards: the best cell with its growth, the charts, the tables."""

from functools import partial

from search_engine.architecture import Cell, format_cell
from search_engine.errors import SearchEngineError
from search_engine.objective import CostKind
from search_engine.report.charts import accuracy_chart, below_axis, pareto_chart
from search_engine.report.diagram import draw_cell
from search_engine.report.growth import film_strip
from search_engine.report.markup import Child, Markup, element
from search_engine.report.records import Record, Row
from search_engine.report.strategy_charts import (
    entropy_chart,
    reward_axis,
    reward_chart,
    share_chart,
)
from search_engine.report.tables import (
    MOST_BEST,
    MOST_FAILED,
    best_table,
    failed_table,
    reason_counts,
)

LEGEND = (
    ("M3 8h10", "dot", "replicate"),
    ("M3 8h10", "bar", "split"),
    ("M4.5 8h7M8 4.5v7", "ring", "add: the mean"),
    ("M4.5 5.5h7M4.5 8h7M4.5 10.5h7", "ring", "concat"),
    ("", "chip", "has weights"),
    ("", "chip hollow", "has none"),
)

MEASURED = {
    CostKind.LATENCY_1: ("latency of one image", "ms"),
    CostKind.LATENCY_64: ("latency of 64 images", "ms"),
    CostKind.MEMORY: ("memory for one image", "MiB"),
}

STRATEGIES = {"reinforce": "the controller", "random": "random sampling", "evolution": "evolution"}


def card(heading: str, note: Child, *children: Child, class_: str = "") -> Markup:
    """A titled box."""
    small = element("small", note) if note else None
    title = element("h2", heading, small)
    return element("section", title, *children, class_=f"card {class_}".strip())


def best_card(record: Record, start: Cell) -> Markup:
    """The best cell in full, its notation, and how it grew; the start cell before there is one."""
    if record.best is None:
        return card("Start cell", "no trial has been completed", *_drawn(start), class_="best")
    row = record.best[0]
    count = len(row.growth)
    note = f"trial {row.number}" + (f" · grown in {count} transformations" if count else "")
    film = _film(start, row)
    return card("Best cell", note, *_drawn(row.cell), film, class_="best")


def accuracy_card(record: Record) -> Markup:
    """Accuracy of each trial."""
    below = below_axis(record)
    note = "%, each dot a trial, line: best so far"
    note += ", red ticks: failed" if record.failed else ""
    note += f"; {below:,} below the axis" if below else ""
    chart = accuracy_chart(record) if record.rows else _waiting("No trial has ended.", "tall")
    return card("Accuracy", note, chart, class_="chart side")


def chart_cards(record: Record, strategy: str) -> tuple[Markup, ...]:
    """Accuracy against costs, and what the strategy did."""
    waiting = None if record.completed else _waiting("No trial has been completed.")
    cost = record.start_cost
    parameters = waiting or pareto_chart(
        record, lambda row: row.parameters, cost.parameters, "parameters"
    )
    adds = waiting or pareto_chart(
        record, lambda row: row.multiply_adds, cost.multiply_adds, "multiply-adds"
    )
    note = "accuracy in %, line: what no other trial beats, ring: start network"
    shares = share_chart(record) if record.rows else _waiting("No trial has ended.")
    return (
        card("Accuracy against parameters", note, parameters, class_="chart half"),
        card("Accuracy against multiply-adds", note, adds, class_="chart half"),
        card(
            f"What {STRATEGIES.get(strategy, 'the strategy')} picks",
            "share of each operation below the root, %",
            shares,
            class_="chart half",
        ),
        _reward_card(record),
        *_measured_cards(record),
    )


def _measured_cards(record: Record) -> list[Markup]:
    """Accuracy against each cost that was measured; none where the search measures none."""
    found = []
    for kind, (heading, unit) in MEASURED.items():
        if any(row.measured(kind) is not None for row, _ in record.completed):
            chart = pareto_chart(record, partial(Row.measured, kind=kind), None, unit)
            note = f"accuracy in %, {unit} on the device that trained, line: no other trial beats"
            found.append(card(f"Accuracy against {heading}", note, chart, class_="chart half"))
    return found


def table_cards(record: Record) -> tuple[Markup | None, ...]:
    """The best trials and the failed ones."""
    count, failed = min(len(record.ranked), MOST_BEST), len(record.failed)
    best = card(
        "Best trials" if count else "Trials",
        f"{count:,} of {len(record.ranked):,} completed" if count else None,
        best_table(record) if count else _waiting("No trial has been completed.", "line"),
        class_="table",
    )
    if not failed:
        return (best,)
    note = f"the last {MOST_FAILED} of {failed:,}" if failed > MOST_FAILED else f"{failed:,}"
    counts = reason_counts(record) if failed > MOST_FAILED else None
    return best, card("Failed trials", note, counts, failed_table(record), class_="table")


def _drawn(cell: Cell) -> tuple[Markup, ...]:
    diagram = element(
        "div", draw_cell(cell), class_="canvas", tabindex=0, role="group", aria_label="Cell"
    )
    return diagram, _legend(), element("code", format_cell(cell), class_="notation")


def _film(start: Cell, row: Row) -> Markup | None:
    """The strip, where the transformations are known and lead from this start cell to the cell."""
    try:
        return film_strip(start, row.growth) if row.growth else None
    except SearchEngineError:
        return None


def _legend() -> Markup:
    return element("ul", *(_sign(*entry) for entry in LEGEND), class_="legend")


def _sign(path: str, kind: str, word: str) -> Markup:
    shape = {
        "dot": element("circle", cx=8, cy=8, r=3.5, class_="allocation"),
        "bar": element("rect", x=6.5, y=1, width=3, height=14, class_="allocation"),
        "ring": element("circle", cx=8, cy=8, r=7, class_="merge"),
    }.get(kind) or element("rect", x=1, y=4, width=14, height=8, rx=2.5)
    drawn = element("path", d=path, class_="wire" if kind in ("dot", "bar") else "sign")
    group = element("g", shape, class_=f"op op-legend {kind.removeprefix('chip')}".strip())
    parts = (group,) if kind.startswith("chip") else (drawn, shape)
    if kind == "ring":
        parts = (shape, drawn)
    icon = element("svg", *parts, viewBox="0 0 16 16", width=16, height=16, aria_hidden="true")
    return element("li", icon, word)


def _reward_card(record: Record) -> Markup:
    if not record.rows:
        return card("Reward", None, _waiting("No trial has ended."), class_="chart half")
    has_baseline = bool(record.diagnostic("baseline"))
    has_entropy = bool(record.diagnostic("entropy"))
    note = "each dot a trial" + (", line: its baseline" if has_baseline else "")
    low = reward_axis(record).low
    below = sum(row.reward < low for row in record.rows)
    note += f"; {below:,} below the axis" if below else ""
    entropy = (
        (
            element("h3", "Entropy", element("small", "of the controller's choices")),
            entropy_chart(record),
        )
        if has_entropy
        else ()
    )
    return card("Reward", note, reward_chart(record), *entropy, class_="chart half")


def _waiting(text: str, class_: str = "") -> Markup:
    """What stands where there is nothing to show yet, as high as what will stand there."""
    return element("p", text, class_=f"waiting {class_}".strip())
