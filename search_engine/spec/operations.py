"""What an edge of a cell can compute, and the three orders of weight, batch norm and activation.

Reference: Cai et al. 2018, section 4.1 (arXiv:1806.02639).
"""

from enum import StrEnum


class Operation(StrEnum):
    """What an edge computes. The value is its name in JSON; `symbol` is its name in notation."""

    IDENTITY = "identity"
    CONV_1X1 = "conv_1x1"
    SEP_CONV_3X3 = "sep_conv_3x3"
    SEP_CONV_5X5 = "sep_conv_5x5"
    SEP_CONV_7X7 = "sep_conv_7x7"
    AVG_POOL_3X3 = "avg_pool_3x3"
    MAX_POOL_3X3 = "max_pool_3x3"
    CONV_3X3 = "conv_3x3"
    GROUP_CONV_3X3 = "group_conv_3x3"

    @property
    def symbol(self) -> str:
        """Short name in one-line notation and drawings."""
        return _SYMBOLS[self]

    @property
    def kernel(self) -> int:
        """Side of the window in pixels; 1 for the identity."""
        return 1 if self is Operation.IDENTITY else int(self.value[-1])

    @property
    def is_conv(self) -> bool:
        """A convolution with one dense (or grouped) kernel."""
        return self in (Operation.CONV_1X1, Operation.CONV_3X3, Operation.GROUP_CONV_3X3)

    @property
    def is_separable(self) -> bool:
        """A depthwise convolution followed by a 1x1 convolution."""
        return self.value.startswith("sep_conv")

    @property
    def has_weights(self) -> bool:
        """Owns weights, a batch norm and an activation; it alone can change the width or stride."""
        return self.is_conv or self.is_separable

    @property
    def divides_input(self) -> bool:
        """Under `concat` its input is split among the branches, not replicated."""
        return not self.has_weights or self is Operation.GROUP_CONV_3X3


_SYMBOLS = {
    Operation.IDENTITY: "identity",
    Operation.CONV_1X1: "conv1x1",
    Operation.SEP_CONV_3X3: "sep3",
    Operation.SEP_CONV_5X5: "sep5",
    Operation.SEP_CONV_7X7: "sep7",
    Operation.AVG_POOL_3X3: "avg3",
    Operation.MAX_POOL_3X3: "max3",
    Operation.CONV_3X3: "conv3x3",
    Operation.GROUP_CONV_3X3: "G3x3",
}

SEARCHED_OPERATIONS = (
    Operation.IDENTITY,
    Operation.CONV_1X1,
    Operation.SEP_CONV_3X3,
    Operation.SEP_CONV_5X5,
    Operation.SEP_CONV_7X7,
    Operation.AVG_POOL_3X3,
    Operation.MAX_POOL_3X3,
)
"""The seven operations of the paper's search space."""


class Order(StrEnum):
    """The order in which weight, batch norm (bn) and ReLU (act) of an operation are applied."""

    WEIGHT_BN_ACT = "weight-bn-act"
    ACT_WEIGHT_BN = "act-weight-bn"
    BN_ACT_WEIGHT = "bn-act-weight"

    @property
    def norm_first(self) -> bool:
        """The batch norm sees the operation's input, so it has the input's width."""
        return self is Order.BN_ACT_WEIGHT
