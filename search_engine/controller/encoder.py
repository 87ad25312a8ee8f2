"""The bidirectional tree-LSTM that turns nodes of growing cells into codes.

Upward, a node's state sums up the tree below it and the edge above it; downward, the rest of the
cell. A node's code is both. Reference: Cai et al. 2018, section 3.3 (arXiv:1806.02639).
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import skip_init

from search_engine.controller.forest import (
    EDGE_VOCABULARY,
    NODE_TOKENS,
    Forest,
    Level,
    Place,
    StepBatch,
    StepKind,
)
from search_engine.controller.tree_cells import DownwardCell, State, UpwardCell

EMBEDDING_RANGE = 0.1


class TreeEncoder(nn.Module):
    """Codes of nodes, for a whole forest of partly grown cells at once.

    Its values are set by `initialize`.

    Args:
        hidden: width of the states; a code has twice this width.
        embedding: width of the embeddings of operations and motifs.
        slots: the most branches that `concat` may have.
    """

    def __init__(self, hidden: int = 100, embedding: int = 10, slots: int = 2) -> None:
        super().__init__()
        self.hidden = hidden
        self.slots = slots
        self.edges = skip_init(nn.Embedding, EDGE_VOCABULARY, embedding)
        self.nodes = skip_init(nn.Embedding, len(NODE_TOKENS), embedding)
        self.upward = UpwardCell(embedding, hidden, slots)
        self.downward = DownwardCell(embedding, hidden, slots)
        self.upward_edge = skip_init(nn.LSTMCell, embedding, hidden)
        self.downward_edge = skip_init(nn.LSTMCell, embedding, hidden)

    @torch.no_grad()
    def initialize(self, generator: torch.Generator) -> None:
        """Orthogonal matrices, zero biases, embeddings uniform within 0.1."""
        for name, parameter in self.named_parameters():
            if name in ("edges.weight", "nodes.weight"):
                parameter.uniform_(-EMBEDDING_RANGE, EMBEDDING_RANGE, generator=generator)
            elif parameter.dim() == 2:
                nn.init.orthogonal_(parameter, generator=generator)
            else:
                parameter.zero_()

    def forward(self, forest: Forest, places: Sequence[Place]) -> Tensor:
        """Codes of the places, `(n, 2 hidden)`; the forest must not have been packed before."""
        states = self.extend(self.no_states(), forest.pack())
        return self.codes(states, forest, places)

    def no_states(self) -> Tensor:
        """The table of states before the first step: the zero state alone, `(1, 2 hidden)`."""
        weight: Tensor = self.edges.weight
        return weight.new_zeros(1, 2 * self.hidden)

    def extend(self, states: Tensor, levels: Sequence[Level]) -> Tensor:
        """Take the steps of a packed forest.

        Args:
            states: a row for each step taken before, h and c joined, `(rows, 2 hidden)`.
            levels: the steps to take, as `Forest.pack` gives them.

        Returns:
            The table with a row for each step more.
        """
        if not levels:
            return states
        # Vocabularies are small: every word goes through its input map once, not once a step.
        words = {
            StepKind.EDGE_UP: _edge_gates(self.upward_edge, self.edges.weight),
            StepKind.EDGE_DOWN: _edge_gates(self.downward_edge, self.edges.weight),
            StepKind.ADD_UP: (up := self.upward.node_gates(self.nodes.weight)),
            StepKind.CONCAT_UP: up,
            StepKind.ADD_DOWN: (down := self.downward.node_gates(self.nodes.weight)),
            StepKind.CONCAT_DOWN: down,
        }
        for level in levels:
            new = [self._take(batch, words[batch.kind], states) for batch in level]
            states = torch.cat([states, *new])
        return states

    def codes(self, states: Tensor, forest: Forest, places: Sequence[Place]) -> Tensor:
        """Both hidden states of each place, joined: `(n, 2 hidden)`."""
        upward, downward = forest.rows(places)
        h = states[:, : self.hidden]
        return torch.cat([h[upward], h[downward]], 1)

    def _take(self, batch: StepBatch, words: Tensor, states: Tensor) -> Tensor:
        read = states[batch.sources]
        h, c = read[..., : self.hidden], read[..., self.hidden :]
        gates = words[batch.tokens]
        return torch.cat(self._step(batch.kind, gates, h, c), 1)

    def _step(self, kind: StepKind, gates: Tensor, h: Tensor, c: Tensor) -> State:
        match kind:
            case StepKind.EDGE_UP:
                return _edge_step(self.upward_edge, gates, h[:, 0], c[:, 0])
            case StepKind.EDGE_DOWN:
                return _edge_step(self.downward_edge, gates, h[:, 0], c[:, 0])
            case StepKind.ADD_UP:
                return self.upward.child_sum(gates, h, c)
            case StepKind.ADD_DOWN:
                return self.downward.child_sum(gates, h, c)
            case StepKind.CONCAT_UP:
                return self.upward.ordered(gates, *_padded(self.slots, h, c))
            case StepKind.CONCAT_DOWN:
                return self.downward.ordered(gates, *_padded(1 + self.slots, h, c))


def _edge_gates(cell: nn.LSTMCell, embeddings: Tensor) -> Tensor:
    """The operation's part of an LSTM cell's gates: `(words, embedding)` to `(words, 4 hidden)`."""
    return F.linear(embeddings, cell.weight_ih, cell.bias_ih + cell.bias_hh)


def _edge_step(cell: nn.LSTMCell, gates: Tensor, h: Tensor, c: Tensor) -> State:
    """One LSTM step on inputs that are mapped already; the gates are i, f, g, o."""
    i, f, g, o = torch.addmm(gates, h, cell.weight_hh.t()).chunk(4, dim=1)
    c = torch.addcmul(f.sigmoid() * c, i.sigmoid(), g.tanh())
    return o.sigmoid() * c.tanh(), c


def _padded(slots: int, h: Tensor, c: Tensor) -> State:
    """`(n, m, hidden)` to `(n, slots, hidden)`, the slots that no branch fills being zero."""
    absent = slots - h.shape[1]
    return (F.pad(h, (0, 0, 0, absent)), F.pad(c, (0, 0, 0, absent))) if absent else (h, c)
