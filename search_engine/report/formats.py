"""Numbers as the page shows them: percent, points, short counts, durations."""

import math

THIN_SPACE = "\u202f"
"""A narrow space that does not break, between a number and its unit."""


def percent(fraction: float, digits: int = 2) -> str:
    """A fraction in percent, without the sign: 0.9463 is `94.63`."""
    return f"{100 * fraction:.{digits}f}"


def points(difference: float) -> str:
    """A difference of two fractions in points, with its sign: `+1.87`."""
    text = f"{100 * difference:+.2f}"
    return "±0.00" if text in ("+0.00", "-0.00") else text.replace("-", "−")


def counted(count: float) -> tuple[str, str]:
    """A count as number and unit: 612,345 is (`612`, `K`), 1,230,000 is (`1.23`, `M`).

    What is no whole number and below 100, such as milliseconds, keeps three digits: `0.482`.
    """
    if count < 1000:
        return (f"{count:.0f}" if count >= 100 or count == round(count) else f"{count:.3g}"), ""
    exponent = min(int(math.log10(count)) // 3, 4)
    if float(f"{count / 1000**exponent:.3g}") >= 1000 and exponent < 4:
        exponent += 1
    short = count / 1000**exponent
    digits = max(0, 2 - int(math.log10(max(short, 1))))
    return f"{short:,.{digits}f}", ("", "K", "M", "G", "T")[exponent]


def short_count(count: float) -> str:
    """A count in one string: `612 K`."""
    number, unit = counted(count)
    return f"{number}{THIN_SPACE}{unit}" if unit else number


def tick_count(count: float) -> str:
    """A round count on an axis, without zeros that say nothing: `1.5 M`."""
    number, unit = counted(count)
    number = number.rstrip("0").rstrip(".") if "." in number else number
    return f"{number}{THIN_SPACE}{unit}" if unit else number


def duration(seconds: float) -> str:
    """A duration in its two largest units: `2 h 14 min`, `4 min 2 s`, `22 s`, `0.8 s`."""
    if seconds < 10:
        return f"{seconds:.1f}{THIN_SPACE}s"
    whole = round(seconds)
    units = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
    first = next(index for index, (_, size) in enumerate(units) if whole >= size)
    parts: list[str] = []
    for name, size in units[first : first + 2]:
        amount, whole = divmod(whole, size)
        if amount or not parts:
            parts.append(f"{amount}{THIN_SPACE}{name}")
    return " ".join(parts)
