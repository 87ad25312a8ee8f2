"""Text can be read in both themes: at least 4.5 to 1 (WCAG 2.2, 1.4.3), edges of inputs 3 to 1."""

import re
from pathlib import Path

import pytest

CSS = (Path(__file__).parents[3] / "static/css/tokens.css").read_text()
TWO = re.compile(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);")
TEXT = ("ink", "ink-2", "ink-3", "accent", "failed", "running", "paused")
GROUNDS = ("ground", "surface", "sunken")
PAIRS = [
    *((text, ground) for text in TEXT for ground in GROUNDS),
    *((text, f"{text}-wash") for text in ("accent", "failed", "running", "paused")),
    *(("op-text", f"op-{kind}") for kind in ("conv-3x3", "conv-1x1", "sep", "avg", "max")),
    ("accent-ink", "accent"),
]


def colours(theme: str) -> dict[str, str]:
    return {name: light if theme == "light" else dark for name, light, dark in TWO.findall(CSS)}


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_every_colour_has_both_themes() -> None:
    assert re.sub(r"light-dark\(#[0-9a-f]{6}, #[0-9a-f]{6}\)", "", CSS).count("#") == 0


def test_contrast_by_hand() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)  # (1 + 0.05) / (0 + 0.05)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_can_be_read(theme: str) -> None:
    colour = colours(theme)
    ratios = {pair: contrast(colour[pair[0]], colour[pair[1]]) for pair in PAIRS}
    assert {pair: ratio for pair, ratio in ratios.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_edges_of_inputs_can_be_seen(theme: str) -> None:
    colour = colours(theme)
    assert contrast(colour["control"], colour["surface"]) >= 3
