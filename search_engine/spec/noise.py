"""How much of an accuracy is noise, and of a difference of two networks on the same images.

No torch, and no library of statistics.
"""

import math
from statistics import NormalDist
from typing import Final

CONFIDENCE: Final = 0.95
_Z: Final = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)


def standard_error(accuracy: float, images: int) -> float:
    """Standard error of an accuracy, sqrt(p (1 - p) / n).

    Within half an image of 0 or 1 the accuracy is taken to be there: at 0 and 1 themselves the
    formula would promise that other images give exactly the same.

    Args:
        accuracy: a fraction.
        images: how many images it was measured on, at least 1.
    """
    half = 1 / (2 * images)
    share = min(max(accuracy, half), 1 - half)
    return math.sqrt(share * (1 - share) / images)


def with_noise(accuracy: float, images: int | None) -> str:
    """An accuracy in percent with its standard error: `96.7 % ± 1.0`.

    Args:
        accuracy: a fraction.
        images: how many images it was measured on; None or 0 where nobody knows.
    """
    return " ".join(number_and_noise(accuracy, images))


def number_and_noise(accuracy: float, images: int | None) -> tuple[str, str]:
    """The same in two parts, `96.7` and `% ± 1.0`: with two decimals where the standard error is
    below a tenth of a point or not known, and otherwise with one."""
    if not images:
        return f"{100 * accuracy:.2f}", "%"
    error = standard_error(accuracy, images)
    digits = 2 if error < 0.001 else 1
    return f"{100 * accuracy:.{digits}f}", f"% ± {100 * error:.{digits}f}"


def paired_interval(improved: int, worsened: int, images: int) -> tuple[float, float]:
    """95 % interval of the difference of two accuracies on the same images.

    Wald's interval after one image more was counted as improved and one as worsened, which covers
    the truth as often as it says with few images too.

    Args:
        improved: images that only the first network tells right.
        worsened: images that only the second tells right.
        images: all of them, at least 1.

    Reference: Bonett and Price 2012, "Adjusted Wald confidence interval for a difference of
        binomial proportions based on paired data" (doi:10.3102/1076998611411915).
    """
    total = images + 2
    up, down = (improved + 1) / total, (worsened + 1) / total
    middle = up - down
    half = _Z * math.sqrt((up + down - middle**2) / total)
    return max(-1.0, middle - half), min(1.0, middle + half)


def mcnemar(improved: int, worsened: int) -> float:
    """How likely the images that changed sides divide at least as unevenly by chance alone.

    McNemar's test in its exact form: a sign test on those images, two-sided.
    """
    changed = improved + worsened
    ways = tail = 1
    for count in range(min(improved, worsened)):
        ways = ways * (changed - count) // (count + 1)
        tail += ways
    return min(1.0, 2 * tail / 2**changed)
