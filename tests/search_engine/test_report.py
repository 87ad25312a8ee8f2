"""The report: sound for every search, holds its data and all that draws them, asks nobody."""

import base64
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from search_engine import report
from search_engine.spec.errors import InvalidConfig, SearchEngineError
from search_engine.spec.objective import CostKind, CostRule, CostTerm, Objective
from tests.comparing import comparison
from tests.search_engine.made_up_searches import (
    CONFIG,
    IMAGES,
    Line,
    many_trials,
    trial,
    trials,
    written,
)

TEMPLATES = report.ROOT / "templates"
HOSTILE = "</script><script>alert('1')</script> \"&amp; \x00 $title {{ x }} ]]>"
SEARCHES: dict[str, list[Line]] = {
    "empty": [],
    "one trial": trials(0.93),
    "all failed": trials(None, None, None),
    "ordinary": trials(0.91, None, 0.95, 0.94),
    "many": many_trials(600),
}


def state(page: str) -> dict[str, Any]:
    """The data in a page."""
    found = re.search(r'<script type="application/json" id="page-state">(.*?)</script>', page)
    assert found
    return dict(json.loads(found[1]))


def modules(page: str) -> dict[str, str]:
    """The scripts in a page, each under the name by which others import it."""
    found = re.search(r'<script type="importmap">(.*?)</script>', page)
    assert found
    addresses: dict[str, str] = json.loads(found[1])["imports"]
    return {
        name: unquote(at.removeprefix("data:text/javascript,")) for name, at in addresses.items()
    }


@pytest.mark.parametrize("lines", SEARCHES.values(), ids=list(SEARCHES))
def test_every_search_has_all_of_its_trials_in_the_page(tmp_path: Path, lines: list[Line]) -> None:
    found = state(written(tmp_path, lines))
    assert found["columns"]["number"] == [line["trial"] for line in lines]
    assert found["columns"]["notation"] == [line["notation"] for line in lines]
    search = found["search"]
    assert search["trials_completed"] + search["trials_failed"] == len(lines)


def test_the_data_say_what_the_lines_say(tmp_path: Path) -> None:
    lines = [trial(1, 0.91, curve=[0.5, 0.91]), trial(2, None), trial(3, 0.95)]
    found = state(written(tmp_path, lines))
    columns = found["columns"]
    assert columns["accuracy"] == [0.91, None, 0.95]
    assert [found["states"][at] for at in columns["state"]] == ["completed", "failed", "completed"]
    assert columns["failure"] == {"2": "diverged in epoch 2"}
    assert columns["curve"][0] == [0.5, 0.91]
    assert (found["search"]["best_trial"], found["search"]["best_accuracy"]) == (3, 0.95)
    (best,) = found["trials"]
    assert best["transformations"] == lines[2]["proposal"]["transformations"]
    assert best["parameters"] == lines[2]["result"]["costs"]["parameters"]
    assert found["sites"]["sites"]
    assert not any(found["search"]["can"].values())


def test_the_data_say_who_is_a_control_and_what_each_grew_from(tmp_path: Path) -> None:
    lines = trials(0.91, 0.93, 0.99)
    lines[1]["proposal"] |= {"parent": 1, "move": "widen"}
    lines[2]["role"] = "control"
    found = state(written(tmp_path, lines))
    assert found["columns"]["role"] == {"3": "control"}
    assert found["columns"]["parent"] == [0, 1, 0]
    assert found["columns"]["move"] == [None, "widen", None]
    assert found["search"]["best_trial"] == 2  # the control is not what was searched for
    assert state(written(tmp_path, trials(0.9)))["columns"]["move"] is None


def test_the_comparison_is_in_the_page_once_there_is_one(tmp_path: Path) -> None:
    assert state(written(tmp_path, trials(0.9)))["comparison"] is None
    found = state(written(tmp_path, trials(0.9), comparison=comparison()))
    assert found["comparison"] == comparison().to_json()
    assert found["search"]["validation_images"] == IMAGES


def test_every_script_that_is_imported_is_in_the_page(tmp_path: Path) -> None:
    found = modules(written(tmp_path, trials(0.9)))
    for name, script in found.items():
        imported = re.findall(r"""\b(?:from|import)\s*\(?\s*["']([^"']+)["']""", script)
        assert set(imported) <= set(found), name
    assert report.SCRIPT in found
    assert "js/views/row_detail.js" in found  # which is asked for when a row is opened
    assert not set(found) & {"js/lib/socket.js", "js/views/actions.js"}


def test_a_script_in_the_page_is_the_script_of_the_folder_but_for_the_names(tmp_path: Path) -> None:
    found = modules(written(tmp_path, trials(0.9)))
    for name in ("js/domain/format.js", "js/domain/operations.js"):  # which import nothing
        assert found[name] == (report.ROOT / "static" / name).read_text(encoding="utf-8")


def test_the_page_looks_as_the_search_page_does(tmp_path: Path) -> None:
    sheets = [
        sheet
        for template in ("base.html", "searches/search.html")
        for sheet in re.findall(
            r"""rel="stylesheet" href="{% static '(.+?)' %}""", (TEMPLATES / template).read_text()
        )
    ]
    assert list(report.STYLES) == sheets
    page = written(tmp_path, trials(0.9))
    (font,) = re.findall(r'url\("data:font/woff2;base64,([^"]+)"\)', page)
    assert base64.b64decode(font).startswith(b"wOF2")


def test_the_page_has_every_element_of_the_figures_that_the_search_page_has() -> None:
    frame = (Path(report.__file__).parent / "report.html").read_text()
    figures = (TEMPLATES / "searches/_figures.html").read_text()
    assert set(re.findall(r' id="([\w-]+)"', figures)) <= set(re.findall(r' id="([\w-]+)"', frame))


def test_what_page_and_report_share_is_plain_html() -> None:
    shared = (TEMPLATES / "searches/_findings.html").read_text()
    assert not re.search(r"\{[{%#]|\$", shared)


def test_the_page_names_no_other_host_and_may_ask_none(tmp_path: Path) -> None:
    page = written(tmp_path, trials(0.9))
    assert f'content="{report.POLICY}"' in page
    assert report.POLICY.startswith("default-src 'none'")
    assert not re.search(r"<(?:link|img|iframe|object|base|form)\b| src=|@import", page)
    known = {"www.w3.org", "github.com"}  # the name of SVG, and whose charts these are
    assert set(re.findall(r"https?://([^/\s\"'`)]+)", page)) <= known


def test_titles_reasons_and_names_are_shown_as_they_are_and_not_obeyed(tmp_path: Path) -> None:
    config = replace(CONFIG, data=replace(CONFIG.data, name=HOSTILE))
    page = written(tmp_path, [trial(1, None, failure=HOSTILE)], title=HOSTILE, config=config)
    assert page.count("<script") == written(tmp_path, trials(0.9)).count("<script")
    found = state(page)
    assert found["columns"]["failure"] == {"1": HOSTILE}
    assert found["search"]["name"] == found["search"]["dataset"] == HOSTILE
    title = HOSTILE.replace("\x00", "\ufffd").replace("&", "&amp;").replace("<", "&lt;")
    title = title.replace(">", "&gt;").replace('"', "&quot;").replace("'", "&#x27;")
    assert f"<title>{title} · Espalier</title>" in page


def test_the_same_input_gives_the_same_bytes_in_any_order_of_lines(tmp_path: Path) -> None:
    lines = trials(0.91, None, 0.95, 0.95)
    assert written(tmp_path, lines) == written(tmp_path, lines[::-1])


def test_of_two_lines_with_one_number_the_later_counts(tmp_path: Path) -> None:
    found = state(written(tmp_path, [trial(1, None), trial(1, 0.9)]))
    assert found["columns"]["accuracy"] == [0.9]


def test_five_thousand_trials_fit_in_a_megabyte_and_a_half(tmp_path: Path) -> None:
    assert len(written(tmp_path, many_trials(5000)).encode()) < 1_500_000


def test_a_search_that_can_go_on_says_so(tmp_path: Path) -> None:
    states = [
        state(written(tmp_path, trials(0.9), spent=spent))["search"]["state"]
        for spent in (False, True)
    ]
    assert states == ["paused", "completed"]


def test_where_costs_count_the_best_trial_is_that_of_the_greatest_reward(tmp_path: Path) -> None:
    terms = (CostTerm(CostKind.PARAMETERS, CostRule.TARGET, 1000.0),)
    lines = trials(0.95, 0.94)
    lines[0]["reward"] = 0.1
    found = state(written(tmp_path, lines, config=replace(CONFIG, objective=Objective(terms))))
    assert (found["search"]["best_trial"], found["search"]["best_accuracy"]) == (2, 0.94)


def test_a_malformed_line_is_refused_and_the_old_report_stays(tmp_path: Path) -> None:
    before = written(tmp_path, trials(0.9))
    with pytest.raises(InvalidConfig, match="notation"):
        written(tmp_path, [{**trial(1, 0.9), "notation": None}])
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == before
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_an_engine_without_the_scripts_of_the_page_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "ROOT", tmp_path)
    report._frame.cache_clear()
    with pytest.raises(SearchEngineError, match=r"static/css/tokens\.css: No such file"):
        written(tmp_path, trials(0.9))
    report._frame.cache_clear()
