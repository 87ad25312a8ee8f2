"""The controller: the policy that grows cells, decision by decision.

    controller = Controller(space, generator=torch.Generator().manual_seed(0))
    cells = controller.sample(10, generator)
    log_probabilities, entropies = controller.log_probabilities([cell.choices for cell in cells])

Reference: Cai et al. 2018, section 3.3 (arXiv:1806.02639).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from search_engine.controller.encoder import TreeEncoder
from search_engine.controller.forest import Forest, Place
from search_engine.controller.heads import ExpandHead, MergeHead, OperationHead
from search_engine.controller.options import OptionTable
from search_engine.controller.replay import Choices, replay
from search_engine.spec import Decision, DecisionKind, Growing, Growth, SearchSpace, grow


@dataclass(frozen=True, slots=True)
class SampledCell:
    """A cell that the controller grew.

    Args:
        choices: for each decision the index of the option chosen.
        log_probabilities: of each choice, when it was made.
    """

    growth: Growth
    choices: Choices
    log_probabilities: tuple[float, ...]

    @property
    def log_probability(self) -> float:
        """Log-probability of the whole growth."""
        return math.fsum(self.log_probabilities)


class Controller(nn.Module):
    """Tree encoder and heads over the decisions of a search space.

    Args:
        hidden: width of the encoder's states; codes have twice this width.
        embedding: width of the encoder's embeddings.
    """

    def __init__(
        self,
        space: SearchSpace,
        *,
        hidden: int = 100,
        embedding: int = 10,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.space = space
        self.options = OptionTable(space)
        self.encoder = TreeEncoder(hidden, embedding, max((2, *space.concat_branches)))
        code = 2 * hidden
        self.merge = MergeHead(code, self.options.merges)
        self.expand = ExpandHead(code)
        self.operation = OperationHead(code, len(space.operations))
        self._initialize(generator)

    def sample(self, count: int, generator: torch.Generator) -> list[SampledCell]:
        """Grow cells in lock step: each round answers one decision of every unfinished cell."""
        under_way = [_UnderWay(grow(self.space)) for _ in range(count)]
        forest, states = Forest(), self.encoder.no_states()
        # Not inference mode: its tensors could not be used where gradients are wanted.
        with torch.no_grad():
            while active := [cell for cell in under_way if cell.growth is None]:
                places = [_place(forest, cell.decision) for cell in active]
                # Decisions share what was encoded for earlier ones: only new steps are taken.
                states = self.encoder.extend(states, forest.pack())
                self._answer(active, self.encoder.codes(states, forest, places), generator)
        return [cell.sampled() for cell in under_way]

    def log_probabilities(self, records: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
        """Go through growths again in one batched pass, with gradients.

        Args:
            records: the choices that led to each cell.

        Returns:
            The log-probability of each growth under the present policy, `(cells,)`, and the sum of
            the entropies of its decisions, `(cells,)`.

        Raises:
            InvalidConfig: a record does not lead to a complete cell.
        """
        decisions = [replay(self.space, choices).decisions for choices in records]
        cells = [index for index, of_cell in enumerate(decisions) for _ in of_cell]
        choices = [choice for record in records for choice in record]
        every = [decision for of_cell in decisions for decision in of_cell]
        forest = Forest()
        codes = self.encoder(forest, [_place(forest, decision) for decision in every])
        log_probabilities, entropies = codes.new_zeros(2, len(records)).unbind()
        for rows, log_p in self._policy(every, codes):
            chosen = self.options.chosen([every[r] for r in rows], [choices[r] for r in rows])
            cell = torch.tensor([cells[row] for row in rows])
            log_probabilities = log_probabilities.index_add(
                0, cell, log_p.gather(1, chosen[:, None])[:, 0]
            )
            entropies = entropies.index_add(0, cell, _entropy(log_p))
        return log_probabilities, entropies

    def head(self, kind: DecisionKind) -> nn.Module:
        """The head that answers a kind of decision: codes `(n, 2 hidden)` and a mask of columns
        `(n, columns)` to log-probabilities `(n, columns)`."""
        match kind:
            case DecisionKind.MERGE:
                return self.merge
            case DecisionKind.EXPAND:
                return self.expand
            case DecisionKind.OPERATION:
                return self.operation

    def _policy(
        self, decisions: Sequence[Decision], codes: Tensor
    ) -> list[tuple[list[int], Tensor]]:
        """For each kind of decision that occurs, its rows and log-probabilities `(n, columns)`."""
        answers: list[tuple[list[int], Tensor]] = []
        for kind in DecisionKind:
            rows = [row for row, decision in enumerate(decisions) if decision.kind is kind]
            if rows:
                legal = self.options.legal([decisions[row] for row in rows])
                answers.append((rows, self.head(kind)(codes[rows], legal)))
        return answers

    def _answer(
        self, active: Sequence["_UnderWay"], codes: Tensor, generator: torch.Generator
    ) -> None:
        """Draw one choice for each cell and let it go on."""
        decisions = [cell.decision for cell in active]
        for rows, log_p in self._policy(decisions, codes):
            drawn = torch.multinomial(log_p.exp(), 1, generator=generator)
            values = log_p.gather(1, drawn)[:, 0].tolist()
            for row, column, value in zip(rows, drawn[:, 0].tolist(), values, strict=True):
                active[row].choose(self.options.choice(decisions[row], column), value)

    @torch.no_grad()
    def _initialize(self, generator: torch.Generator) -> None:
        self.encoder.initialize(generator)
        for head in (self.merge, self.expand, self.operation):
            for parameter in head.parameters():
                if parameter.dim() == 2:
                    nn.init.orthogonal_(parameter, generator=generator)
                else:
                    parameter.zero_()


class _UnderWay:
    """A cell that is being grown, with its choices so far."""

    def __init__(self, growing: Growing) -> None:
        self._growing = growing
        self._choices: list[int] = []
        self._log_probabilities: list[float] = []
        self.decision = next(growing)
        self.growth: Growth | None = None

    def choose(self, choice: int, log_probability: float) -> None:
        self._choices.append(choice)
        self._log_probabilities.append(log_probability)
        try:
            self.decision = self._growing.send(choice)
        except StopIteration as end:
            self.growth = end.value

    def sampled(self) -> SampledCell:
        assert self.growth is not None
        return SampledCell(self.growth, tuple(self._choices), tuple(self._log_probabilities))


def _place(forest: Forest, decision: Decision) -> Place:
    return forest.place(decision.cell, decision.path, decision.undecided)


def _entropy(log_p: Tensor) -> Tensor:
    """Entropy of each row, `(n,)`; an option that may not be chosen adds nothing."""
    return -(log_p.exp() * log_p.masked_fill(log_p == -torch.inf, 0)).sum(1)
