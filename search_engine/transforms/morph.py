"""Morphing: how the closed gates of a new child are opened.

`calibrate` sets the new batch norms while the gates are closed, so that each of them sees exactly
the parent's features. Then the gates are removed at once (`exact`, `distilled`), or they open
during fine-tuning (`annealed`). `docs/method.md` compares the three. The calibration follows the
authors' code of Cai et al. 2018 (arXiv:1806.02639).
"""

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor, nn

from search_engine.networks.network import Network
from search_engine.networks.operations import WeightedOperation
from search_engine.networks.tree import BranchModule
from search_engine.transforms.child_init import set_identity_norm

ANNEALING = 0.5
"""Share of the fine-tuning during which the gates open."""

LIFT = 2.0
"""Standard deviations by which a batch norm in front of its ReLU lifts the features, so that the
ReLU cuts few of them. The lift adds one constant to each channel of the output, which later batch
norms subtract again. Measured on digits (8 cells, 3 epochs), children end 0.6 points better.
"""


def gate_opening(progress: float, annealing: float = ANNEALING) -> float:
    """How far the gates are open: it rises linearly from 0 to 1, then stays.

    Args:
        progress: share of the fine-tuning that is done, 0 to 1.
        annealing: share of the fine-tuning that the rise takes; 0 opens them at once.
    """
    return 1.0 if progress >= annealing else progress / annealing


def set_opening(network: Network, opening: float) -> None:
    """Open all gates to the same degree, from 0 (closed) to 1."""
    for gate in network.gates():
        gate.opening.fill_(opening)


def remove_gates(network: Network) -> None:
    """Remove all gates and keep the new operations, which is what an opening of 1 computes."""
    for branch in _branches(network):
        branch.gate = None
        branch.norm_gate = None


@torch.no_grad()
def calibrate(network: Network, batches: Iterable[Tensor]) -> None:
    """Make the batch norms behind shut gates the identity for the features that reach them.

    Without batches they are the identity in eval mode only.

    Args:
        network: with its gates closed; it returns to the mode it was in.
        batches: training images, each batch normalised, `(N, C, H, W)`; ten of 64 are usual.
    """
    gathered = {norm: _Moments() for norm in _gated_norms(network)}
    if not gathered:
        return
    hooks = [norm.register_forward_pre_hook(moments.hook) for norm, moments in gathered.items()]
    training = network.training
    try:
        network.eval()
        for images in batches:
            network(images)
    finally:
        network.train(training)
        for hook in hooks:
            hook.remove()
    for norm, moments in gathered.items():
        if moments.count:
            set_identity_norm(norm, moments.mean, moments.variance)
    for branch in _branches(network):
        if branch.gate is not None and isinstance(branch.operation, WeightedOperation):
            _lift(branch.operation)


def _lift(operation: WeightedOperation) -> None:
    if operation.order.norm_first:
        operation.norm.bias.add_(operation.norm.weight, alpha=LIFT)


def _branches(network: Network) -> Iterator[BranchModule]:
    return (module for module in network.modules() if isinstance(module, BranchModule))


def _gated_norms(network: Network) -> Iterator[nn.BatchNorm2d]:
    for branch in _branches(network):
        if branch.gate is not None and isinstance(branch.operation, WeightedOperation):
            yield branch.operation.norm
        if branch.norm_gate is not None and branch.norm is not None:
            yield branch.norm


class _Moments:
    """Mean and variance of each channel over batches, accumulated in float64."""

    def __init__(self) -> None:
        self.count = 0
        self._sum: Tensor | float = 0.0
        self._square: Tensor | float = 0.0

    def hook(self, _: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        (x,) = inputs
        values = x.numel() // x.shape[1]
        variance, mean = (m.double() for m in torch.var_mean(x, dim=(0, 2, 3), correction=0))
        self.count += values
        self._sum = self._sum + values * mean
        self._square = self._square + values * (variance + mean.square())

    @property
    def mean(self) -> Tensor:
        return torch.as_tensor(self._sum / self.count)

    @property
    def variance(self) -> Tensor:
        square = torch.as_tensor(self._square / self.count)
        return (square - self.mean.square()).clamp_min(0)
