"""A network trained by several processes, each on its device, with a share of every batch.

Batch norms take mean and variance over the whole batch, not over a process's share: a batch of 64
on eight devices would else be eight of 8, another and a noisier training than on one device. So
what comes out is what one process would give, up to the order of sums; only DropPath draws other
numbers in each process.

Reference: Li et al. 2020, "PyTorch Distributed" (arXiv:2006.15704).
"""

from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from search_engine.networks import Network
from search_engine.training.team import Team

PATIENCE = timedelta(hours=1)
"""How long a process waits for the others: as long as the leader may take to evaluate."""


class DistributedTeam(Team):
    """The processes that torchrun has started; gloo carries tensors on the CPU, nccl on CUDA.

    Args:
        device: of this process.
    """

    def __init__(self, device: torch.device) -> None:
        if device.type == "cuda":
            torch.cuda.set_device(device)
        backend = "nccl" if device.type == "cuda" else "gloo"
        dist.init_process_group(backend, timeout=PATIENCE)
        # What the processes agree on lies on the host: no step waits for the device.
        self._host = dist.new_group(backend="gloo", timeout=PATIENCE)
        self.rank = dist.get_rank()
        self.size = dist.get_world_size()

    def share_norms(self, network: Network) -> None:
        for module in list(network.modules()):
            for name, child in module.named_children():
                if type(child) is nn.BatchNorm2d:
                    setattr(module, name, SharedNorm.of(child))

    def wrapped(self, network: Network) -> nn.Module:
        # Statistics are equal in all processes already: nothing to broadcast.
        return DistributedDataParallel(network, broadcast_buffers=False)

    def agree(self, wish: bool, images: int) -> tuple[bool, int]:
        values = torch.tensor([int(wish), images])
        dist.all_reduce(values, group=self._host)
        wishes, together = values.tolist()
        return wishes > 0, together

    def total(self, values: Tensor) -> Tensor:
        values = values.clone()
        dist.all_reduce(values)
        return values

    def close(self) -> None:
        """Leave the team."""
        dist.destroy_process_group()


class SharedNorm(nn.BatchNorm2d):
    """A batch norm that in training takes mean and variance over all processes' images.

    Not torch's `SyncBatchNorm`: that one refuses the CPU, and is no `BatchNorm2d`.
    """

    @classmethod
    def of(cls, norm: nn.BatchNorm2d) -> "SharedNorm":
        """One with the tensors of another norm: the very same, not copies."""
        shared = cls(norm.num_features, norm.eps, norm.momentum)
        shared.weight, shared.bias = norm.weight, norm.bias
        for name, buffer in norm.named_buffers():
            setattr(shared, name, buffer)
        return shared.train(norm.training)

    def forward(self, x: Tensor) -> Tensor:
        """`x`: feature map `(N, C, H, W)`; N may be 0."""
        if not self.training:
            return super().forward(x)
        y, mean, variance, count = _Normalise.apply(  # type: ignore[no-untyped-call]
            x, self.weight, self.bias, self.eps
        )
        self._keep(mean, variance, count)
        return y

    @torch.no_grad()
    def _keep(self, mean: Tensor, variance: Tensor, count: Tensor) -> None:
        """Move the running statistics as `BatchNorm2d` does."""
        assert self.num_batches_tracked is not None
        assert self.running_mean is not None
        assert self.running_var is not None
        self.num_batches_tracked.add_(1)
        share = 1 / self.num_batches_tracked if self.momentum is None else self.momentum
        unbiased = variance * (count / (count - 1).clamp_min(1))
        self.running_mean.lerp_(mean.to(self.running_mean.dtype), share)
        self.running_var.lerp_(unbiased.to(self.running_var.dtype), share)


class _Normalise(torch.autograd.Function):
    """Normalise by the statistics of all processes' images; the gradient goes through them."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, eps: float
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """The output, and mean, variance and number of values of each channel, float64."""
        channels = x.shape[1]
        wide = x.to(torch.promote_types(x.dtype, torch.float32))
        count = torch.full((1,), wide.numel() / channels, dtype=torch.float64, device=x.device)
        # Sums from each process's own mean and variance: sums of squares would lose digits.
        variance, mean = (
            torch.var_mean(wide, dim=(0, 2, 3), correction=0)
            if len(x)
            else (wide.new_zeros(channels), wide.new_zeros(channels))
        )
        mean, variance = mean.double(), variance.double()
        sums = torch.cat((count * mean, count * (variance + mean.square()), count))
        dist.all_reduce(sums)
        total = sums[-1:]
        mean, squares = sums[:channels] / total, sums[channels:-1] / total
        variance = (squares - mean.square()).clamp_min(0)
        scale = (variance + eps).rsqrt()
        normalised = (wide - _like(wide, mean)) * _like(wide, scale)
        y = torch.addcmul(_like(wide, bias), normalised, _like(wide, weight)).to(x.dtype)
        ctx.save_for_backward(normalised, weight, scale, total)
        ctx.mark_non_differentiable(mean, variance, total)
        return y, mean, variance, total

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        """Of `x`, `weight` and `bias`."""
        normalised, weight, scale, total = ctx.saved_tensors
        given = gradients[0].to(normalised.dtype)
        bias = given.sum(dim=(0, 2, 3))
        slope = (given * normalised).sum(dim=(0, 2, 3))
        sums = torch.cat((bias, slope)).double()
        dist.all_reduce(sums)
        mean, along = (sums / total).chunk(2)
        x = given - _like(given, mean) - normalised * _like(given, along)
        x = x * _like(given, scale * weight)
        return x.to(gradients[0].dtype), slope.to(weight.dtype), bias.to(weight.dtype), None


def _like(x: Tensor, channels: Tensor) -> Tensor:
    """`(C,)` for arithmetic with a feature map `(N, C, H, W)`."""
    return channels.to(x.dtype).view(1, -1, 1, 1)
