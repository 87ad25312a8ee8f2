"""Numbers as pages show them before any script has run; `domain/format.js` writes the same."""

from django import template

register = template.Library()

NONE = "–"


@register.filter
def percent(fraction: float | None) -> str:
    """0.9463 is 94.63: the unit stands beside it, smaller."""
    return NONE if fraction is None else f"{100 * fraction:.2f}"


@register.filter
def points_over(fraction: float, start: float) -> str:
    """A difference of two fractions in points, with its sign: +1.87."""
    text = f"{abs(100 * (fraction - start)):.2f}"
    if text == "0.00":
        return "±0.00"
    return f"{'−' if fraction < start else '+'}{text}"
