"""The tree-LSTM encoder of Cai et al. 2018, one node at a time: slow, and plain to check.

Every state of every node of a cell, upward and downward, without sharing or batching. It reads the
weights of a `TreeEncoder`, whose fused matrices it takes apart into the gates of the equations.
"""

import torch
from torch import Tensor

from search_engine.controller.controller import Controller
from search_engine.controller.encoder import TreeEncoder
from search_engine.controller.forest import EDGE_TOKENS, NODE_TOKENS, UNDECIDED
from search_engine.controller.replay import replay
from search_engine.spec import Cell, Decision, Merge, Node, Path

State = tuple[Tensor, Tensor]


class ReferenceEncoder:
    """States of one partly grown cell."""

    def __init__(self, encoder: TreeEncoder, cell: Cell, undecided: frozenset[Path]) -> None:
        self.encoder = encoder
        self.undecided = undecided
        self.up: dict[Path, State] = {}
        self.down: dict[Path, State] = {(): self.zero()}
        self._upward((), cell.root)
        self._downward((), cell.root)

    def code(self, path: Path) -> Tensor:
        """Both hidden states of a node."""
        return torch.cat([self.up[path][0], self.down[path][0]])

    def zero(self) -> State:
        weight: Tensor = self.encoder.edges.weight
        return weight.new_zeros(self.encoder.hidden), weight.new_zeros(self.encoder.hidden)

    def _upward(self, path: Path, node: Node) -> None:
        children = []
        for index, branch in enumerate(node.branches):
            below = (*path, index)
            self._upward(below, branch.node)
            edge = self._edge(below, branch.operation)
            self.up[below] = self.encoder.upward_edge(edge, self.up[below])
            children.append(self.up[below])
        if node.is_leaf:
            self.up[path] = self.zero()
        elif node.merge is Merge.NONE:
            self.up[path] = children[0]
        elif node.merge is Merge.ADD:
            self.up[path] = self._up_sum(self._embedding(node), children)
        else:
            self.up[path] = self._up_n_ary(self._embedding(node), children)

    def _downward(self, path: Path, node: Node) -> None:
        for index, branch in enumerate(node.branches):
            below = (*path, index)
            siblings = [
                self.zero() if other == index else self.up[(*path, other)]
                for other in range(len(node.branches))
            ]
            parent = self.down[path]
            if node.merge is Merge.NONE:
                state = parent
            elif node.merge is Merge.ADD:
                state = self._down_sum(self._embedding(node), parent, siblings)
            else:
                state = self._down_n_ary(self._embedding(node), parent, siblings)
            self.down[below] = self.encoder.downward_edge(
                self._edge(below, branch.operation), state
            )
            self._downward(below, branch.node)

    def _up_sum(self, x: Tensor, children: list[State]) -> State:
        cell = self.encoder.upward
        w, b = cell.node.weight.chunk(4), cell.node.bias.chunk(4)
        h = torch.stack([h for h, _ in children]).sum(0)
        i, o, u = (w[g] @ x + b[g] + cell.sum_iou.weight.chunk(3)[g] @ h for g in range(3))
        c = i.sigmoid() * u.tanh()
        for h_k, c_k in children:
            c = c + (w[3] @ x + b[3] + cell.sum_forget.weight @ h_k).sigmoid() * c_k
        return o.sigmoid() * c.tanh(), c

    def _up_n_ary(self, x: Tensor, children: list[State]) -> State:
        cell = self.encoder.upward
        w, b = cell.node.weight.chunk(4), cell.node.bias.chunk(4)
        u_h = cell.n_ary.weight.chunk(3 + cell.slots)
        h = self._joined(children)
        i, o, u = (w[g] @ x + b[g] + u_h[g] @ h for g in range(3))
        c = i.sigmoid() * u.tanh()
        for k, (_, c_k) in enumerate(children):
            c = c + (w[3] @ x + b[3] + u_h[3 + k] @ h).sigmoid() * c_k
        return o.sigmoid() * c.tanh(), c

    def _down_sum(self, x: Tensor, parent: State, siblings: list[State]) -> State:
        cell = self.encoder.downward
        w, b = cell.node.weight.chunk(4), cell.node.bias.chunk(4)
        u_h = cell.sum_gates.weight.chunk(4)
        h = torch.cat([parent[0], torch.stack([h for h, _ in siblings]).sum(0)])
        i, o, u = (w[g] @ x + b[g] + u_h[g] @ h for g in range(3))
        c = i.sigmoid() * u.tanh() + (w[3] @ x + b[3] + u_h[3] @ h).sigmoid() * parent[1]
        for h_k, c_k in siblings:
            own = cell.sum_forget.weight @ torch.cat([parent[0], h_k])
            c = c + (w[3] @ x + b[3] + own).sigmoid() * c_k
        return o.sigmoid() * c.tanh(), c

    def _down_n_ary(self, x: Tensor, parent: State, siblings: list[State]) -> State:
        cell = self.encoder.downward
        w, b = cell.node.weight.chunk(4), cell.node.bias.chunk(4)
        u_h = cell.n_ary.weight.chunk(4 + cell.slots)
        h = torch.cat([parent[0], self._joined(siblings)])
        i, o, u = (w[g] @ x + b[g] + u_h[g] @ h for g in range(3))
        c = i.sigmoid() * u.tanh()
        for k, (_, c_k) in enumerate([parent, *siblings]):
            c = c + (w[3] @ x + b[3] + u_h[3 + k] @ h).sigmoid() * c_k
        return o.sigmoid() * c.tanh(), c

    def _joined(self, states: list[State]) -> Tensor:
        absent = [self.zero()] * (self.encoder.slots - len(states))
        return torch.cat([h for h, _ in [*states, *absent]])

    def _edge(self, path: Path, operation: object) -> Tensor:
        token = UNDECIDED if path in self.undecided else EDGE_TOKENS[operation]  # type: ignore[index]
        embedding: Tensor = self.encoder.edges.weight[token]
        return embedding

    def _embedding(self, node: Node) -> Tensor:
        embedding: Tensor = self.encoder.nodes.weight[NODE_TOKENS[node.merge, node.allocation]]
        return embedding


def reference_policy(controller: Controller, decision: Decision) -> Tensor:
    """Log-probabilities of the decision's options, from an encoding of the whole cell."""
    encoder = ReferenceEncoder(controller.encoder, decision.cell, decision.undecided)
    head = controller.head(decision.kind)
    legal = controller.options.legal([decision])
    log_p: Tensor = head(encoder.code(decision.path)[None], legal)[0]
    return log_p[list(controller.options.columns(decision))]


def reference_log_probability(
    controller: Controller, choices: tuple[int, ...]
) -> tuple[Tensor, Tensor]:
    """Log-probability of one growth and the sum of its decisions' entropies."""
    total = entropy = torch.zeros((), dtype=controller.encoder.edges.weight.dtype)
    decisions = replay(controller.space, choices).decisions
    for decision, choice in zip(decisions, choices, strict=True):
        log_p = reference_policy(controller, decision)
        total = total + log_p[choice]
        entropy = entropy - (log_p.exp() * log_p).sum()
    return total, entropy
