"""Filters that every template has: numbers as pages show them, before any script has run.

`static/js/domain/format.js` writes the same.
"""

import math

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from search_engine.spec.noise import number_and_noise

register = template.Library()

NONE = "–"


@register.filter
def accuracy(fraction: float | None, images: int | None = None) -> SafeString | str:
    """A fraction such as 0.9463 as `94.63 %`, or `94.6 % ± 1.3` where it is known of how many
    images."""
    if fraction is None:
        return NONE
    return format_html("{} <small>{}</small>", *number_and_noise(fraction, images))


@register.filter
def percent(share: float) -> str:
    """A share of a whole, in two digits."""
    return f"{100 * share:.2g} %" if share < 0.1 else f"{100 * share:.0f} %"


@register.filter
def milliseconds(seconds: float | None) -> SafeString | str:
    """Seconds of a batch, in three digits: 0.0123 is `12.3 ms`."""
    return NONE if seconds is None else _three_digits(1000 * seconds, "ms")


@register.filter
def mebibytes(count: int | None) -> SafeString | str:
    """Bytes of memory, in three digits: 1,300,000 is `1.24 MiB`."""
    return NONE if count is None else _three_digits(count / 2**20, "MiB")


@register.filter
def thousands(count: int) -> str:
    """Such as 1,797."""
    return f"{count:,}"


@register.filter
def counted(count: int, noun: str) -> str:
    """Such as `1 image`, `2 images` and `2 classes`; the plural may stand behind a comma."""
    singular, _, plural = noun.partition(",")
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


@register.filter
def short_count(count: int) -> str:
    """Three digits and a unit: 612,345 is `612 K`, 1,230,000 is `1.23 M`."""
    if count < 1000:
        return str(count)
    exponent = min(int(math.log10(count)) // 3, 4)
    if round(count / 1000**exponent, 0) >= 1000 and exponent < 4:
        exponent += 1
    short = count / 1000**exponent
    digits = max(0, 2 - int(math.log10(short)))
    return f"{short:.{digits}f}\N{NARROW NO-BREAK SPACE}{('', 'K', 'M', 'G', 'T')[exponent]}"


def _three_digits(value: float, unit: str) -> SafeString:
    digits = 2 if value < 10 else 1 if value < 100 else 0
    return format_html("{} <small>{}</small>", f"{value:,.{digits}f}", unit)
