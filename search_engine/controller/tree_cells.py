"""The tree-LSTM cells that join the branches of a node: upward to it, downward past the siblings.

Each exists in two kinds: child-sum, blind to the order of the branches, for `add`; N-ary, with a
slot for each branch, for `concat`. Both read one map of the node's embedding; it alone has a bias.

Reference: Tai et al. 2015 (arXiv:1503.00075), and Cai et al. 2018, section 3.3 (arXiv:1806.02639).
"""

import torch
from torch import Tensor, nn
from torch.nn.utils import skip_init

State = tuple[Tensor, Tensor]
"""Hidden state h and memory c, each `(n, hidden)`."""


def linear(inputs: int, outputs: int, *, bias: bool) -> nn.Linear:
    """A linear layer without values yet: the controller's own generator gives them."""
    layer: nn.Linear = skip_init(nn.Linear, inputs, outputs, bias=bias)
    return layer


class TreeCell(nn.Module):
    """The part of a tree-LSTM cell that the upward and the downward direction share.

    Args:
        slots: branches that the N-ary kind has matrices for.
    """

    def __init__(self, embedding: int, hidden: int, slots: int) -> None:
        super().__init__()
        self.hidden = hidden
        self.slots = slots
        self.node = linear(embedding, 4 * hidden, bias=True)

    def node_gates(self, embeddings: Tensor) -> Tensor:
        """The node's part of the gates i, o, u, f: `(n, embedding)` to `(n, 4 hidden)`."""
        gates: Tensor = self.node(embeddings)
        return gates

    def _new_state(self, iou: Tensor, kept: Tensor) -> State:
        """The new state, from the gates before their nonlinearity and the memory kept."""
        gates = iou[:, : 2 * self.hidden].sigmoid()
        i, o = gates.chunk(2, dim=1)
        c = torch.addcmul(kept, i, iou[:, 2 * self.hidden :].tanh())
        return o * c.tanh(), c

    def _n_ary(self, node_gates: Tensor, recurrent: Tensor, c: Tensor) -> State:
        """Gates from the joined states: i, o, u, then one forget gate for each memory in `c`.

        Args:
            node_gates: `(n, 4 hidden)`.
            recurrent: `(n, (3 + m) hidden)`.
            c: `(n, m, hidden)`.
        """
        iou = 3 * self.hidden
        forget = recurrent[:, iou:].view(c.shape) + node_gates[:, None, iou:]
        kept = (forget.sigmoid() * c).sum(1)
        return self._new_state(recurrent[:, :iou] + node_gates[:, :iou], kept)


class UpwardCell(TreeCell):
    """State of a node from those of its branches."""

    def __init__(self, embedding: int, hidden: int, slots: int) -> None:
        super().__init__(embedding, hidden, slots)
        self.sum_iou = linear(hidden, 3 * hidden, bias=False)
        self.sum_forget = linear(hidden, hidden, bias=False)
        # i, o, u and a forget gate for each slot, all from the joined states.
        self.n_ary = linear(slots * hidden, (3 + slots) * hidden, bias=False)

    def child_sum(self, node_gates: Tensor, h: Tensor, c: Tensor) -> State:
        """Under `add`: the gates see the sum of the branches, each forget gate its own branch.

        Args:
            node_gates: of `node_gates`, `(n, 4 hidden)`.
            h: `(n, m, hidden)`; absent branches are zero.
            c: the cell states, in the same shape.
        """
        iou = 3 * self.hidden
        forget = self.sum_forget(h) + node_gates[:, None, iou:]
        kept = (forget.sigmoid() * c).sum(1)
        return self._new_state(self.sum_iou(h.sum(1)) + node_gates[:, :iou], kept)

    def ordered(self, node_gates: Tensor, h: Tensor, c: Tensor) -> State:
        """Under `concat`: every gate sees all slots; `h` and `c` are `(n, slots, hidden)`."""
        return self._n_ary(node_gates, self.n_ary(h.flatten(1)), c)


class DownwardCell(TreeCell):
    """State on the way to a branch: from the parent's downward and the siblings' upward states."""

    def __init__(self, embedding: int, hidden: int, slots: int) -> None:
        super().__init__(embedding, hidden, slots)
        # i, o, u and the parent's forget gate see [parent, sum of the siblings].
        self.sum_gates = linear(2 * hidden, 4 * hidden, bias=False)
        self.sum_forget = linear(2 * hidden, hidden, bias=False)
        # i, o, u, the parent's forget gate and one for each slot see [parent, all slots].
        self.n_ary = linear((1 + slots) * hidden, (4 + slots) * hidden, bias=False)

    def child_sum(self, node_gates: Tensor, h: Tensor, c: Tensor) -> State:
        """Past an `add` node.

        Args:
            node_gates: of `node_gates`, `(n, 4 hidden)`.
            h: `(n, 1 + m, hidden)`, the parent first; absent siblings are zero.
            c: the cell states, in the same shape.
        """
        iou = 3 * self.hidden
        parent, siblings = h[:, :1], h[:, 1:]
        gates = self.sum_gates(torch.cat([parent[:, 0], siblings.sum(1)], 1)) + node_gates
        pairs = torch.cat([parent.expand_as(siblings), siblings], 2)
        forget = self.sum_forget(pairs) + node_gates[:, None, iou:]
        kept = (forget.sigmoid() * c[:, 1:]).sum(1)
        kept = torch.addcmul(kept, gates[:, iou:].sigmoid(), c[:, 0])
        return self._new_state(gates[:, :iou], kept)

    def ordered(self, node_gates: Tensor, h: Tensor, c: Tensor) -> State:
        """Past a `concat` node; `h` and `c` are `(n, 1 + slots, hidden)`, the own slot zero."""
        return self._n_ary(node_gates, self.n_ary(h.flatten(1)), c)
