"""HTML and SVG as values: every element is made here, and every text in one is escaped.

What comes out is well-formed XML as well as HTML, so a test can read the page with any parser.
"""

import html
import re
from collections.abc import Iterable

_CLOSED = frozenset(("meta", "circle", "line", "path", "rect"))
"""Elements that are closed where they have no content."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
"""Characters that XML has no place for; a reason for a failure may hold any."""


class Markup(str):
    """Text that is markup already and is not escaped again."""

    __slots__ = ()


Child = str | None
"""Content of an element: markup, or text to be escaped, or nothing."""


def escaped(text: str) -> Markup:
    """Any text as markup that shows it."""
    if isinstance(text, Markup):
        return text
    return Markup(html.escape(_CONTROL.sub("\ufffd", text)))


def element(name: str, /, *children: Child, **attributes: object) -> Markup:
    """An element.

    Args:
        name: of the element.
        children: its content, in order; a plain string is escaped.
        attributes: by name, with `_` for `-`; `class_` for `class`; None leaves one out.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escaped(_text(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _CLOSED and not children:
        return Markup(f"<{name}{written}/>")
    return Markup(f"<{name}{written}>{joined(children)}</{name}>")


def joined(children: Iterable[Child]) -> Markup:
    """Markup and text one after the other."""
    return Markup("".join(escaped(child) for child in children if child is not None))


def number(value: float) -> str:
    """A coordinate, with one decimal at most."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def _text(value: object) -> str:
    return number(value) if isinstance(value, float) else str(value)
