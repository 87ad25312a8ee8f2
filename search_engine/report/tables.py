"""The report's tables: the best trials, the failed ones, the settings."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from search_engine.report.diagram import draw_cell
from search_engine.report.formats import duration, percent, points, short_count
from search_engine.report.layout import GLYPH
from search_engine.report.markup import Child, Markup, element, joined
from search_engine.report.records import Record, Row

MOST_BEST = 20
MOST_FAILED = 20
MOST_REASONS = 5
MOST_REASON_CHARACTERS = 600

Column = tuple[str, str]
"""A column's heading, and its class: `n` for numbers."""


def best_table(record: Record) -> Markup:
    """The best completed trials."""
    columns = (
        ("Trial", "n"),
        ("Cell", "drawing"),
        ("Accuracy", "n lead"),
        ("Over start", "n gain"),
        ("Parameters", "n"),
        ("Multiply-adds", "n"),
        ("Time", "n"),
        ("Epochs", "n"),
        ("State", ""),
    )
    rows = (
        (row, _best_cells(row, accuracy, record.start_accuracy))
        for row, accuracy in record.ranked[:MOST_BEST]
    )
    return _table(columns, rows, "Best trials")


def failed_table(record: Record) -> Markup:
    """The last failed trials with their reasons."""
    columns = (
        ("Trial", "n"),
        ("Cell", "drawing"),
        ("Reason", "reason"),
        ("Time", "n"),
        ("Epochs", "n"),
    )
    rows = ((row, _failed_cells(row)) for row in record.failed[-MOST_FAILED:])
    return _table(columns, rows, "Failed trials")


def reason_counts(record: Record) -> Markup:
    """The most frequent reasons, each by its first line, with how often it occurred."""
    counts = Counter(_reason(row).partition("\n")[0][:120] for row in record.failed)
    items = (f"{count:,} × {reason}" for reason, count in counts.most_common(MOST_REASONS))
    return element("ul", *(element("li", item) for item in items), class_="counts")


def settings_table(config: Mapping[str, object]) -> Markup:
    """A table of settings for each group; single settings come first.

    Args:
        config: of the search, as plain values.
    """
    groups = {n: value for n, value in config.items() if isinstance(value, Mapping) and value}
    single = {name: value for name, value in config.items() if name not in groups}
    return joined(_group(name, values) for name, values in {"search": single, **groups}.items())


def state_mark(state: str, text: str) -> Markup:
    """A state: its colour and its word."""
    return element("span", text, class_=f"state {state}")


def _best_cells(row: Row, accuracy: float, start: float) -> tuple[Child, ...]:
    stopped = row.result.stopped_early
    return (
        str(row.number),
        draw_cell(row.cell, GLYPH),
        joined((element("b", percent(accuracy)), " %")),
        points(accuracy - start),
        _count(row.parameters),
        _count(row.multiply_adds),
        duration(row.result.seconds),
        f"{row.result.epochs:,}",
        state_mark("completed", "Stopped early" if stopped else "Completed"),
    )


def _failed_cells(row: Row) -> tuple[Child, ...]:
    reason = _reason(row)
    if len(reason) > MOST_REASON_CHARACTERS:
        reason = "… " + reason[-MOST_REASON_CHARACTERS:]
    return (
        str(row.number),
        draw_cell(row.cell, GLYPH),
        reason,
        duration(row.result.seconds),
        f"{row.result.epochs:,}",
    )


def _reason(row: Row) -> str:
    return row.result.failure or "no accuracy was measured"


def _count(count: float | None) -> Markup:
    """A short count that says all its digits on hover."""
    if count is None:
        return element("span", "–")
    return element("span", short_count(count), title=f"{count:,.0f}")


def _table(
    columns: Sequence[Column], rows: Iterable[tuple[Row, Sequence[Child]]], caption: str
) -> Markup:
    """A table with roles, since a phone shows its rows as blocks."""
    heads = (
        element("th", heading, scope="col", role="columnheader", class_=class_ or None)
        for heading, class_ in columns
    )
    body = (
        element(
            "tr",
            *(
                element("td", content, role="cell", class_=class_ or None, data_label=heading)
                for (heading, class_), content in zip(columns, cells, strict=True)
            ),
            role="row",
            id=f"trial-{row.number}",
        )
        for row, cells in rows
    )
    head = element("thead", element("tr", *heads, role="row"), role="rowgroup")
    table = element(
        "table",
        head,
        element("tbody", *body, role="rowgroup"),
        role="table",
        aria_label=caption,
    )
    return element("div", table, class_="scroll", tabindex=0, role="group", aria_label=caption)


def _group(name: str, values: Mapping[str, object]) -> Markup:
    rows = (
        element("tr", element("th", _words(key), scope="row"), element("td", _value(value)))
        for key, value in values.items()
        if key != "version"
    )
    heading = element("h3", _words(name).capitalize())
    body = element("tbody", *rows)
    return element("section", heading, element("table", body, aria_label=_words(name)))


def _words(name: str) -> str:
    return name.replace("_", " ")


def _value(value: object) -> str:
    """A setting in words."""
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case [] | {}:
            return "none"
        case list() | tuple():
            return ", ".join(_value(item) for item in value)
        case dict():
            return ", ".join(f"{_words(str(key))} {_value(item)}" for key, item in value.items())
    return str(value)
