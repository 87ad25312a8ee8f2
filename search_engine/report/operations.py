"""How each operation is named and drawn: its label, its hue, hollow where it has no weights."""

from collections.abc import Mapping
from dataclasses import dataclass

from search_engine.architecture import Operation


@dataclass(frozen=True, slots=True)
class Kind:
    """How an operation is shown.

    Args:
        label: on a chip, and in a chart.
        hue: the colour's name in the style sheet.
        name: in full.
    """

    label: str
    hue: str
    name: str
    hollow: bool = False


KINDS: Mapping[Operation, Kind] = {
    Operation.IDENTITY: Kind("identity", "identity", "Identity"),
    Operation.AVG_POOL_3X3: Kind("avg 3", "avg", "Average pool 3×3", hollow=True),
    Operation.MAX_POOL_3X3: Kind("max 3", "max", "Max pool 3×3", hollow=True),
    Operation.CONV_1X1: Kind("1×1", "conv-1x1", "Convolution 1×1"),
    Operation.CONV_3X3: Kind("3×3", "conv-3x3", "Convolution 3×3"),
    Operation.GROUP_CONV_3X3: Kind("G 3×3", "conv-3x3", "Grouped convolution 3×3"),
    Operation.SEP_CONV_3X3: Kind("sep 3", "sep", "Depthwise-separable convolution 3×3"),
    Operation.SEP_CONV_5X5: Kind("sep 5", "sep", "Depthwise-separable convolution 5×5"),
    Operation.SEP_CONV_7X7: Kind("sep 7", "sep", "Depthwise-separable convolution 7×7"),
}
"""In the order in which charts stack them."""
