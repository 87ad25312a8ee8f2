"""Numbers as the page shows them, markup, and the contrast of the colours."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

import search_engine.report
from search_engine.report.formats import duration, percent, points, short_count, tick_count
from search_engine.report.markup import element, joined, number

STYLE = (Path(search_engine.report.__file__).parent / "style.css").read_text(encoding="utf-8")
TEXTS = [
    *((ink, ground) for ink in ("ink", "ink-2", "ink-3") for ground in ("surface",)),
    *((ink, ground) for ink in ("ink", "ink-2") for ground in ("ground", "sunken", "accent-wash")),
    *((name, "surface") for name in ("accent", "failed", "op-avg", "op-max")),
    *((name, "sunken") for name in ("accent", "failed")),
    ("accent", "accent-wash"),
    ("paused", "paused-wash"),
    *(("op-text", f"op-{name}") for name in ("conv-3x3", "conv-1x1", "sep")),
]


def plain(text: str) -> str:
    return text.replace("\u202f", " ")


@pytest.mark.parametrize(
    ("count", "text"),
    [
        *((0, "0"), (999, "999"), (1000, "1.00 K"), (20_466, "20.5 K"), (612_345, "612 K")),
        *((999_499, "999 K"), (999_600, "1.00 M"), (13_200_000, "13.2 M"), (5.94e8, "594 M")),
    ],
)
def test_counts_have_three_digits_and_a_unit(count: float, text: str) -> None:
    assert plain(short_count(count)) == text


@pytest.mark.parametrize(("count", "text"), [(1_500_000, "1.5 M"), (20_000, "20 K"), (0, "0")])
def test_ticks_have_no_digits_that_say_nothing(count: float, text: str) -> None:
    assert plain(tick_count(count)) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        *((0.0, "0.0 s"), (0.84, "0.8 s"), (22.4, "22 s"), (59.7, "1 min"), (242, "4 min 2 s")),
        *((8_040, "2 h 14 min"), (3_600, "1 h"), (93_600, "1 d 2 h")),
    ],
)
def test_durations_have_their_two_largest_units(seconds: float, text: str) -> None:
    assert plain(duration(seconds)) == text


def test_fractions_become_percent_and_differences_points() -> None:
    assert percent(0.94633) == "94.63"
    assert [points(d) for d in (0.01871, -0.004, -1e-9)] == ["+1.87", "−0.40", "±0.00"]


def test_text_and_attributes_are_escaped_and_markup_is_not_twice() -> None:
    made = element("p", "<&>", element("b", '"'), title='"<\x07', class_=None)
    assert made == '<p title="&quot;&lt;\ufffd">&lt;&amp;&gt;<b>&quot;</b></p>'
    assert joined((made, None)) == made
    assert ElementTree.fromstring(made).get("title") == '"<\ufffd'


def test_coordinates_are_short() -> None:
    assert [number(value) for value in (1.0, 0.25, -0.01, 333.333)] == ["1", "0.2", "0", "333.3"]


@pytest.mark.parametrize(("text", "ground"), TEXTS)
@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_stands_out_from_its_ground(text: str, ground: str, theme: int) -> None:
    light, dark = (tokens(block) for block in re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL))
    colours = (light, light | dark)[theme]
    first, second = sorted((luminance(colours[text]), luminance(colours[ground])))
    assert (second + 0.05) / (first + 0.05) >= 4.5


def tokens(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): #([0-9a-f]{6})", block))


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2."""
    parts = [int(colour[index : index + 2], 16) / 255 for index in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
