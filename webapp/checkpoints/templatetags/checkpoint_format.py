"""Numbers of checkpoints, as pages show them: the number, its unit smaller beside it."""

import math

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

NONE = "–"


@register.filter
def accuracy(fraction: float | None) -> SafeString | str:
    """A fraction such as 0.9463 as `94.63 %`."""
    return NONE if fraction is None else format_html("{} <small>%</small>", f"{100 * fraction:.2f}")


@register.filter
def milliseconds(seconds: float | None) -> SafeString | str:
    """Seconds of a batch, in three digits: 0.0123 is `12.3 ms`."""
    if seconds is None:
        return NONE
    value = 1000 * seconds
    digits = 2 if value < 10 else 1 if value < 100 else 0
    return format_html("{} <small>ms</small>", f"{value:,.{digits}f}")


@register.filter
def mebibytes(count: int | None) -> SafeString | str:
    """Bytes of memory, in three digits: 1,300,000 is `1.24 MiB`."""
    if count is None:
        return NONE
    value = count / 2**20
    digits = 2 if value < 10 else 1 if value < 100 else 0
    return format_html("{} <small>MiB</small>", f"{value:,.{digits}f}")


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
