"""Python source from values: literals of any text, and lists in ruff's layout."""

from collections.abc import Sequence

WIDTH = 100
_PIECE = 70
"""Texts whose literal is longer are written in pieces."""


def bracketed(head: str, items: Sequence[str], *, indent: int = 0, close: str = ")") -> str:
    """`head`, the items with commas between, `close`: on one line, on three, or an item a line.

    Args:
        head: what stands before the items, its bracket included.
        items: expressions; of several lines where they are long themselves.
        indent: spaces before the first line.
        close: what stands after them.
    """
    margin, inner = " " * indent, " " * (indent + 4)
    flat = ", ".join(items)
    if "\n" not in flat and len(margin + head + flat + close) <= WIDTH:
        return f"{margin}{head}{flat}{close}"
    tuple_like = head.endswith("= (")
    if "\n" not in flat and len(inner + flat) <= WIDTH and not tuple_like:
        return f"{margin}{head}\n{inner}{flat}\n{margin}{close}"
    return item_lines(head, items, indent=indent, close=close)


def item_lines(head: str, items: Sequence[str], *, indent: int = 0, close: str = ")") -> str:
    """The same as `bracketed`, with one item on each line."""
    margin, inner = " " * indent, " " * (indent + 4)
    lines = "".join(f"{inner}{item.replace(chr(10), chr(10) + inner)},\n" for item in items)
    return f"{margin}{head}\n{lines}{margin}{close}"


def constant(name: str, values: Sequence[str], comment: str = "") -> str:
    """`NAME = (a, b)`; a tuple of one has its comma."""
    note = f"  # {comment}" if comment else ""
    if len(values) == 1 and "\n" not in values[0]:
        return f"{name} = ({values[0]},){note}"
    text = bracketed(f"{name} = (", values)
    return text if "\n" in text or len(text + note) > WIDTH else text + note


def literal(text: str) -> str:
    """A text as Python writes it: what cannot be seen is escaped, so nobody can hide code in it."""
    whole = _quoted(text)
    if len(whole) <= _PIECE:
        return whole
    lines, piece = [], ""
    for character in text:
        if len(_quoted(piece + character)) > _PIECE:
            lines.append(_quoted(piece))
            piece = ""
        piece += character
    lines.append(_quoted(piece))
    return "(\n" + "".join(f"    {line}\n" for line in lines) + ")"


def _quoted(text: str) -> str:
    found = repr(text)
    return f'"{found[1:-1]}"' if found[0] == "'" and '"' not in found else found
