"""The report as one page: sections in the order of what the reader wants to know first."""

from importlib import resources

from search_engine.config import SearchConfig
from search_engine.report.cards import accuracy_card, best_card, chart_cards, table_cards
from search_engine.report.figures import figures
from search_engine.report.markup import Markup, element, joined
from search_engine.report.records import Record
from search_engine.report.tables import settings_table, state_mark

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""The page asks nobody for anything, and the browser sees to it."""

TREE = "M12 22V3M12 17H5V8M12 17h7V8M12 11H8.5V5M12 11h3.5V5"


def page(
    record: Record, *, title: str, config: SearchConfig, elapsed_seconds: float, spent: bool
) -> str:
    """The whole document.

    Args:
        record: the trials and the start network.
        title: of the search.
        config: its settings.
        elapsed_seconds: running time.
        spent: whether its budget is; otherwise it can go on.
    """
    main = element(
        "main",
        _head(title, config, spent=spent),
        figures(record, config, elapsed_seconds),
        best_card(record, config.skeleton.start_cell),
        accuracy_card(record),
        *chart_cards(record, config.strategy),
        *table_cards(record),
        _settings(config),
    )
    body = element("body", _bar(), main, _foot(record))
    document = element("html", _document_head(title), body, lang="en")
    return f"<!DOCTYPE html>\n{document}\n"


def _document_head(title: str) -> Markup:
    style = resources.files(__package__).joinpath("style.css").read_text(encoding="utf-8")
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("meta", name="color-scheme", content="light dark"),
        element("title", f"{title} · Espalier"),
        element("style", Markup(style)),
    )


def _bar() -> Markup:
    tree = element(
        "svg", element("path", d=TREE), viewBox="0 0 24 24", width=24, height=24, aria_hidden="true"
    )
    brand = element("span", tree, "Espalier", class_="brand")
    return element("header", brand, element("span", "Search report"), class_="bar")


def _head(title: str, config: SearchConfig, *, spent: bool) -> Markup:
    state = state_mark("completed", "Completed") if spent else state_mark("paused", "Paused")
    about = f"{config.data.name} · {config.skeleton.family} · {config.strategy}"
    note = "" if spent else " · its budget is not spent, it can go on"
    return element(
        "section",
        element("p", about + note, class_="crumb"),
        element("h1", element("span", title), " ", state),
        class_="head",
    )


def _settings(config: SearchConfig) -> Markup:
    summary = element("summary", element("h2", "Settings of this search"))
    table = element("div", settings_table(config.to_json()), class_="settings")
    return element("details", summary, table, class_="card")


def _foot(record: Record) -> Markup:
    text = (
        "Accuracies are fractions of the validation images that are told right; they chose the best"
        " trial, so its accuracy on new images is likely a little lower."
        " Method: path-level network transformation (Cai et al., 2018, arXiv 1806.02639)."
    )
    count = f"Written from {len(record.rows):,} trial{'' if len(record.rows) == 1 else 's'}. "
    return element("footer", joined((count, text)))
