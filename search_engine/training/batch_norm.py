"""Batch norms in training: statistics over several processes, and statistics measured anew.

What a batch norm keeps is a moving average over some twenty steps. In a child that has trained for
few steps, and whose gates have just opened, this average lags behind the weights, and the child
looks far worse than it is: hence `refresh_batch_norms` before a network is measured.
Reference: Wu and Johnson 2021, "precise BN" (arXiv:2105.07576).
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from search_engine.networks import Network
from search_engine.training.device import whole_float32


@torch.no_grad()
def refresh_batch_norms(network: Network, batches: Iterable[Tensor]) -> None:
    """Set the running statistics of all batch norms to their means over some training batches.

    Nothing is learned, and nothing but these statistics changes: DropPath stays off.

    Args:
        network: it returns to the mode it was in.
        batches: at least one batch of images, `(N, C, H, W)`, on the network's device.
    """
    training = network.training
    network.eval()
    momenta = {m: m.momentum for m in network.modules() if isinstance(m, nn.BatchNorm2d)}
    for norm in momenta:
        norm.reset_running_stats()
        norm.train()
    try:
        with whole_float32():
            for number, images in enumerate(batches, start=1):
                for norm in momenta:
                    norm.momentum = 1 / number  # the plain mean over all batches
                network(images)
    finally:
        for norm, momentum in momenta.items():
            norm.momentum = momentum
        network.train(training)


@contextmanager
def without_counters(network: Network) -> Iterator[None]:
    """Inside the `with`, batch norms do not count their batches: nothing reads that while they
    train, and on a GPU it takes a kernel for each norm and step. The counters stand still.
    """
    kept = {
        norm: norm.num_batches_tracked
        for norm in network.modules()
        if isinstance(norm, nn.BatchNorm2d) and norm.momentum is not None
    }
    for norm in kept:
        norm.num_batches_tracked = None
    try:
        yield
    finally:
        for norm, counter in kept.items():
            norm.num_batches_tracked = counter


class SyncBatchNorm(nn.BatchNorm2d):
    """A batch norm whose training statistics are taken over the images of all processes.

    It is our own because torch's `SyncBatchNorm` refuses the CPU and is no `BatchNorm2d`.
    """

    @classmethod
    def of(cls, norm: nn.BatchNorm2d) -> "SyncBatchNorm":
        """A synchronised norm that shares the tensors of a plain one, without copying them."""
        synced = cls(norm.num_features, norm.eps, norm.momentum)
        synced.weight, synced.bias = norm.weight, norm.bias
        for name, buffer in norm.named_buffers():
            setattr(synced, name, buffer)
        return synced.train(norm.training)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise a feature map `(N, C, H, W)`; N may be 0 in some of the processes."""
        if not self.training:
            return super().forward(x)
        if self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
        if x.is_cuda:
            running = (self.running_mean, self.running_var, self.momentum)
            normalised: Tensor = _NormaliseOnGpu.apply(  # type: ignore[no-untyped-call]
                x, self.weight, self.bias, *running, self.eps
            )
            return normalised
        y, mean, variance, count = _Normalise.apply(  # type: ignore[no-untyped-call]
            x, self.weight, self.bias, self.eps
        )
        self._keep(mean, variance, count)
        return y

    @torch.no_grad()
    def _keep(self, mean: Tensor, variance: Tensor, count: Tensor) -> None:
        """Move the running statistics as `BatchNorm2d` does."""
        assert self.momentum is not None
        assert self.running_mean is not None
        assert self.running_var is not None
        unbiased = variance * (count / (count - 1).clamp_min(1))
        self.running_mean.lerp_(mean.to(self.running_mean.dtype), self.momentum)
        self.running_var.lerp_(unbiased.to(self.running_var.dtype), self.momentum)


class _Normalise(torch.autograd.Function):
    """Normalises by the statistics of all processes' images; the gradient goes through these."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, eps: float
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Returns the output, and each channel's mean, variance and number of values in float64."""
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
        """Returns the gradients of `x`, `weight` and `bias`."""
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


class _NormaliseOnGpu(torch.autograd.Function):
    """The same by torch's kernels for CUDA and one exchange each way. The host waits for nothing,
    as it would in torch's own function, which leaves out processes without images.
    """

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        bias: Tensor,
        running_mean: Tensor,
        running_var: Tensor,
        momentum: float,
        eps: float,
    ) -> Tensor:
        """Returns the output, and moves the running statistics."""
        channels = x.shape[1]
        # The first process has images. To its statistics those of 0 images add nothing.
        mean, scale = running_mean.new_zeros(channels), running_mean.new_ones(channels)
        if len(x):
            mean, scale = torch.batch_norm_stats(x, eps)
        count = mean.new_full((1,), x.numel() / channels)
        own = torch.cat((mean, scale, count))
        every = own.new_empty(dist.get_world_size() * len(own))
        dist.all_gather_into_tensor(every, own)
        every = every.view(-1, len(own))
        means, scales, counts = every.split([channels, channels, 1], dim=1)
        mean, scale = torch.batch_norm_gather_stats_with_counts(
            x, means, scales, running_mean, running_var, momentum, eps, counts.flatten()
        )
        ctx.save_for_backward(x, weight, mean, scale, counts.to(torch.int32))
        if not len(x):
            return torch.empty_like(x)
        return torch.batch_norm_elemt(x, weight, bias, mean, scale, eps)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Returns the gradients of `x`, `weight` and `bias`."""
        x, weight, mean, scale, counts = ctx.saved_tensors
        channels = x.shape[1]
        sums, slope, shift = mean.new_zeros(2 * channels), None, None
        (given,) = gradients
        if len(x):
            given = given.contiguous(memory_format=torch.channels_last)
            along, across, slope, shift = torch.batch_norm_backward_reduce(
                given, x, mean, scale, weight, True, True, True
            )
            sums = torch.cat((along, across))
        dist.all_reduce(sums)
        if not len(x):
            return torch.empty_like(x), torch.zeros_like(weight), torch.zeros_like(weight), *_NONE
        gradient = torch.batch_norm_backward_elemt(
            given, x, mean, scale, weight, sums[:channels], sums[channels:], counts
        )
        return gradient, slope, shift, *_NONE


_NONE = (None,) * 4


def _like(x: Tensor, channels: Tensor) -> Tensor:
    """`channels`, `(C,)`, reshaped and cast for arithmetic with a feature map `(N, C, H, W)`."""
    return channels.to(x.dtype).view(1, -1, 1, 1)
