"""The row of figures at the top of the report: the answer first."""

from collections.abc import Sequence

from search_engine.architecture import Cost
from search_engine.config import SearchConfig
from search_engine.report.formats import counted, duration, percent, points, short_count
from search_engine.report.markup import Child, Markup, element, joined
from search_engine.report.records import Record


def figures(record: Record, config: SearchConfig, elapsed_seconds: float) -> Markup:
    """Best accuracy, trials, time, best network, start network."""
    return element(
        "dl",
        _accuracy(record, config),
        _trials(record, config.budget.max_trials),
        _time(record, elapsed_seconds),
        _best_network(record),
        _start_network(record.start_accuracy, record.start_cost),
        class_="figures",
    )


def _figure(
    name: str, value: str, unit: str, *notes: Child, lead: bool = False, below: Child = None
) -> Markup:
    return element(
        "div",
        element("dt", name),
        element("dd", value, element("small", f" {unit}") if unit else None),
        *(element("dd", note, class_="note") for note in notes if note),
        below,
        class_="lead" if lead else None,
    )


def _accuracy(record: Record, config: SearchConfig) -> Markup:
    name = "Accuracy of the best trial" if config.objective.terms else "Best accuracy"
    images = f"on {config.data.validation:,} validation images of {config.data.name}"
    if record.best is None:
        return _figure(name, "–", "", "No trial has been completed.", lead=True)
    row, accuracy = record.best
    gain = accuracy - record.start_accuracy
    against = element(
        "span",
        f"{points(gain)} points {'over' if gain > 0 else 'against'} the start network",
        class_="up" if gain > 0 else None,
    )
    trial = element("a", f"trial {row.number}", href=f"#trial-{row.number}")
    notes: Sequence[Child] = (joined((against, " · ", trial)), images, _more_accurate(record))
    return _figure(name, percent(accuracy), "%", *notes, lead=True)


def _more_accurate(record: Record) -> str | None:
    """The most accurate trial, where costs made another one the best."""
    if record.best is None or record.most_accurate is None:
        return None
    row, accuracy = record.most_accurate
    if accuracy <= record.best[1]:
        return None
    return f"most accurate: {percent(accuracy)} %, trial {row.number}"


def _trials(record: Record, most: int) -> Markup:
    ended = len(record.rows)
    note = f"{len(record.completed):,} completed · {len(record.failed):,} failed"
    bar = element("progress", max=most, value=min(ended, most), aria_label="Trials ended")
    return _figure("Trials", f"{ended:,}", f"of {most:,}", note, below=bar)


def _time(record: Record, elapsed_seconds: float) -> Markup:
    if not record.rows:
        return _figure("Time", duration(elapsed_seconds), "")
    mean = sum(row.result.seconds for row in record.rows) / len(record.rows)
    epochs = sum(row.result.epochs for row in record.rows)
    return _figure(
        "Time",
        duration(elapsed_seconds),
        "",
        f"{duration(mean)} a trial · {epochs:,} epochs in all",
    )


def _best_network(record: Record) -> Markup:
    row = record.best[0] if record.best else None
    if row is None or row.parameters is None:
        return _figure("Best network", "–", "")
    value, unit = counted(row.parameters)
    adds = row.multiply_adds
    note = None if adds is None else f"{short_count(adds)} multiply-adds"
    exact = f"{row.parameters:,.0f} parameters exactly"
    return _figure("Best network", value, f"{unit} parameters".strip(), note, exact)


def _start_network(accuracy: float, cost: Cost) -> Markup:
    parameters = f"{short_count(cost.parameters)} parameters"
    adds = f"{short_count(cost.multiply_adds)} multiply-adds"
    return _figure("Start network", percent(accuracy), "%", parameters, adds)
