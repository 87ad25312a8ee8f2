"""One step of training: forward, backward, update. Nothing in it waits for the device."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from search_engine.networks import CondenseNet, Network
from search_engine.training.recipe import Precision, Recipe
from search_engine.training.team import ALONE, Team


class Totals:
    """Loss and hits of an epoch, summed on the device.

    Args:
        device: where the network is.
    """

    def __init__(self, device: torch.device) -> None:
        self.images = 0
        self._sums = torch.zeros(2, dtype=torch.float64, device=device)

    def reset(self) -> None:
        """Begin an epoch."""
        self.images = 0
        self._sums.zero_()

    @torch.no_grad()
    def add(self, loss: Tensor, logits: Tensor, labels: Tensor) -> None:
        """Take in a batch, on the device only: `images` is counted by whoever hands batches out.

        Args:
            loss: mean over the batch.
            logits: `(N, classes)`.
            labels: int64, `(N,)`.
        """
        hits = (logits.argmax(dim=1) == labels).sum()
        self._sums += torch.stack((loss.double() * len(labels), hits.double()))

    def read(self, team: Team = ALONE) -> tuple[float, float]:
        """Mean loss and accuracy so far; waits for the device.

        Args:
            team: whose images count; all its processes must ask. By default only our own do.
        """
        images = self._sums.new_tensor([self.images])
        loss, hits, count = team.total(torch.cat((self._sums, images))).tolist()
        return loss / max(count, 1), hits / max(count, 1)


class TrainStep:
    """Teaches a network one batch at a time.

    `weight` is what this process's mean loss counts for in the next step: 1 for one that trains
    alone.

    Args:
        network: in training mode, on its device.
        recipe: how.
        team: who trains it together.
    """

    def __init__(self, network: Network, recipe: Recipe, team: Team = ALONE) -> None:
        self.device = next(network.parameters()).device
        self.autocast = autocast_type(recipe.precision, self.device)
        self.optimiser = make_optimiser(network, recipe, self.device)
        self.totals = Totals(self.device)
        self.weight = 1.0
        self._network = network
        self._wrapped = team.wrapped(network)
        self._recipe = recipe
        self._lasso: Callable[[], Tensor] | None = None
        if isinstance(network, CondenseNet) and not network.is_converted and recipe.lasso_weight:
            self._lasso = network.lasso

    def __call__(self, images: Tensor, labels: Tensor) -> None:
        """Teach it `images`, `(N, C, H, W)`, with their `labels`, int64, `(N,)`."""
        with torch.autocast(self.device.type, self.autocast, enabled=self.autocast is not None):
            logits = self._wrapped(images)
        logits = logits.float()
        loss = self._loss(logits, labels)
        objective = loss if self.weight == 1.0 else self.weight * loss
        if self._lasso is not None:
            objective = objective + self._recipe.lasso_weight * self._lasso()
        self.optimiser.zero_grad(set_to_none=True)
        objective.backward()
        if self._recipe.gradient_clip is not None:
            nn.utils.clip_grad_norm_(self._network.parameters(), self._recipe.gradient_clip)
        self.optimiser.step()
        self.totals.add(loss, logits, labels)

    def _loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        if not len(labels):
            return logits.sum()  # no images here, but gradients of the batch norms' statistics
        return F.cross_entropy(logits, labels, label_smoothing=self._recipe.label_smoothing)

    def set_learning_rate(self, value: float) -> None:
        """Of the next step. On CUDA a tensor on the device, which a recorded graph reads."""
        for group in self.optimiser.param_groups:
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(value)
            else:
                group["lr"] = value

    def momentum(self) -> dict[str, Tensor]:
        """The momentum of each parameter, by its name; nothing without momentum."""
        state = self.optimiser.state
        return {
            name: state[parameter]["momentum_buffer"]
            for name, parameter in self._network.named_parameters()
            if self._recipe.momentum > 0
        }


def autocast_type(precision: Precision, device: torch.device) -> torch.dtype | None:
    """In what autocast computes, or None for no autocast."""
    automatic = precision is Precision.AUTO and device.type == "cuda"
    return torch.bfloat16 if automatic or precision is Precision.BFLOAT16 else None


def make_optimiser(network: Network, recipe: Recipe, device: torch.device) -> torch.optim.SGD:
    """Nesterov SGD in one kernel for all weights.

    Its momentum starts as zeros that are there before the first step: the update is the same, and
    resuming and CUDA graphs find what they fill.
    """
    norms = {id(p) for p in network.parameters() if p.dim() < 2} if not recipe.decay_norms else {}
    parts = [
        ([p for p in network.parameters() if id(p) not in norms], recipe.weight_decay),
        ([p for p in network.parameters() if id(p) in norms], 0.0),
    ]
    rate = torch.zeros((), device=device) if device.type == "cuda" else 0.0
    optimiser = torch.optim.SGD(
        [{"params": params, "weight_decay": decay} for params, decay in parts if params],
        lr=rate,
        momentum=recipe.momentum,
        nesterov=recipe.momentum > 0,
        fused=True,
    )
    if recipe.momentum > 0:
        for parameter in network.parameters():
            optimiser.state[parameter]["momentum_buffer"] = torch.zeros_like(parameter)
    return optimiser
