"""The gate of a morphing edge: it leads past a new operation while shut, and through it when open.

With opening g an edge computes (1 - g) x + g op(x). At g = 0 that is x for every operation, so the
function is kept; when g has risen to 1 the gate is taken away and the operation stands alone.
"""

import torch
from torch import Tensor, nn


class Gate(nn.Module):
    """Mixes an operation's input and output. It has nothing to save: a checkpoint is the same
    without it.

    Args:
        part: channels of the input, from and to, that stand for the output where the operation
            gives only a part of them (below `concat` with a replicated input); None for all.
    """

    opening: Tensor

    def __init__(self, part: tuple[int, int] | None = None) -> None:
        super().__init__()
        self.part = part
        self.register_buffer("opening", torch.zeros(()), persistent=False)

    def forward(self, x: Tensor, output: Tensor) -> Tensor:
        """Mix `x`, `(N, C, H, W)`, with the operation's `output`, as wide as `part`."""
        if self.part is not None:
            x = x[:, self.part[0] : self.part[1]]
        return x.lerp(output, self.opening.to(x.dtype))
