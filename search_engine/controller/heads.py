"""The controller's decision heads: from a node's code to the log-probabilities of the options.

What may not be chosen is masked before the distribution is normalised, so the distribution that is
sampled is the one whose gradient is taken.

Reference: Cai et al. 2018, section 3.3 (arXiv:1806.02639).
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from search_engine.controller.tree_cells import linear
from search_engine.spec import Merge, MergeOption

WIDENING = 2.5
"""Units of the hidden layer for each number of the code."""


class Head(nn.Module):
    """A code to logits through one hidden layer."""

    def __init__(self, code: int, outputs: int) -> None:
        super().__init__()
        hidden = int(WIDENING * code)
        self.hidden = linear(code, hidden, bias=True)
        self.output = linear(hidden, outputs, bias=True)

    def logits(self, codes: Tensor) -> Tensor:
        """`(n, code)` to `(n, outputs)`."""
        logits: Tensor = self.output(F.relu(self.hidden(codes)))
        return logits


class OperationHead(Head):
    """Which operation an edge gets: a softmax over the space's operations."""

    def forward(self, codes: Tensor, legal: Tensor) -> Tensor:
        """Log-probabilities `(n, operations)`; `legal` is the mask of the same shape."""
        return _log_softmax(self.logits(codes), legal)


class ExpandHead(Head):
    """Whether a node is inserted after a leaf: a sigmoid."""

    def __init__(self, code: int) -> None:
        super().__init__(code, 1)

    def forward(self, codes: Tensor, legal: Tensor) -> Tensor:
        """Log-probabilities of no and yes, `(n, 2)`; `legal` is the mask of the same shape."""
        logits = self.logits(codes)
        return _log_softmax(torch.cat([torch.zeros_like(logits), logits], 1), legal)


class MergeHead(nn.Module):
    """The merge of a node (none, add, concat), then its number of branches given the merge.

    Only a merge that may have several numbers of branches needs logits for them.
    """

    def __init__(self, code: int, options: Sequence[MergeOption]) -> None:
        super().__init__()
        merges = list(Merge)
        of = [merges.index(option.merge) for option in options]
        several = [index for index, merge in enumerate(of) if of.count(merge) > 1]
        self.merge = Head(code, len(merges))
        self.number = Head(code, len(several)) if several else None
        self._several = several
        self._members = [
            (merge, [index for index, own in enumerate(of) if own == merge])
            for merge in sorted(set(of))
        ]

    def forward(self, codes: Tensor, legal: Tensor) -> Tensor:
        """Log-probabilities `(n, options)`; `legal` is the mask of the same shape."""
        numbers = codes.new_zeros(legal.shape)
        if self.number is not None:
            numbers[:, self._several] = self.number.logits(codes)
        possible = codes.new_zeros(len(codes), self.merge.output.out_features, dtype=torch.bool)
        for merge, members in self._members:
            possible[:, merge] = legal[:, members].any(1)
        merges = _log_softmax(self.merge.logits(codes), possible)
        joined = torch.empty_like(numbers)
        for merge, members in self._members:
            given = _log_softmax(numbers[:, members], legal[:, members])
            joined[:, members] = merges[:, merge, None] + given
        return joined


def _log_softmax(logits: Tensor, legal: Tensor) -> Tensor:
    """Log-probabilities over the legal options; minus infinity for the others, with no gradient."""
    # A finite floor, since the softmax of a row without any legal option must be defined.
    floor = torch.finfo(logits.dtype).min
    return F.log_softmax(logits.masked_fill(~legal, floor), 1).masked_fill(~legal, -torch.inf)
