"""The order in which people look for names."""

import re


def natural_order(name: str) -> tuple[tuple[int, int, str], ...]:
    """A key by which numbers within names sort as numbers."""
    parts = re.split(r"(\d+)", name.casefold())
    return tuple(
        (0, int(part), "") if part.isdecimal() and part.isascii() else (1, 0, part)
        for part in parts
        if part
    )
