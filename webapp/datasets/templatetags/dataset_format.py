"""Numbers of data sets, as pages show them."""

from django import template

register = template.Library()


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
def percent(share: float) -> str:
    """A fraction, as percent."""
    return f"{100 * share:.2g} %" if share < 0.1 else f"{100 * share:.0f} %"
