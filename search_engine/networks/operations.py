"""Edge operations as modules; a weighted one has a batch norm and a ReLU of its own.

Reference: Cai et al. 2018, section 4.1 (arXiv:1806.02639).
"""

from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from search_engine.spec.operations import Operation, Order
from search_engine.spec.shapes import OwnConv, Shape


class Gate(nn.Module):
    """The gate of a morphing edge, which passes by a new operation while it is closed.

    With opening g, the edge computes (1 - g) x + g op(x). At g = 0 that is x for every operation,
    so the function is kept; when g has risen to 1, the gate is removed.
    A gate saves nothing: a checkpoint is the same without it.

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


class WeightedOperation(nn.Module):
    """A convolution with its batch norm and ReLU: `(N, C_in, H, W)` to `(N, C_out, H / stride, …)`.

    Args:
        activated: whether there is a ReLU.
    """

    def __init__(self, shape: Shape, order: Order, *, activated: bool = True) -> None:
        super().__init__()
        self.order = order
        self.activated = activated
        self.norm = nn.BatchNorm2d(shape.in_channels if order.norm_first else shape.out_channels)

    def forward(self, x: Tensor) -> Tensor:
        match self.order:
            case Order.BN_ACT_WEIGHT:
                x = self.norm(x)
                return self.weigh(F.relu(x, inplace=True) if self.activated else x)
            case Order.ACT_WEIGHT_BN:
                # Not in place: other branches read the same x.
                return self.norm(self.weigh(F.relu(x) if self.activated else x))
            case Order.WEIGHT_BN_ACT:
                x = self.norm(self.weigh(x))
                return F.relu(x, inplace=True) if self.activated else x

    def weigh(self, x: Tensor) -> Tensor:
        """The convolution alone."""
        raise NotImplementedError

    def set_identity(self) -> None:
        """Make the convolution the identity: one at the centre of each channel's own kernel."""
        raise NotImplementedError


class Conv(WeightedOperation):
    """A dense or grouped convolution.

    Args:
        shape: its groups are the convolution's.
    """

    def __init__(self, kernel: int, shape: Shape, order: Order, *, activated: bool = True) -> None:
        super().__init__(shape, order, activated=activated)
        self.conv = nn.Conv2d(
            shape.in_channels,
            shape.out_channels,
            kernel,
            stride=shape.stride,
            padding=kernel // 2,
            groups=shape.groups,
            bias=False,
        )

    def weigh(self, x: Tensor) -> Tensor:
        return self.conv(x)

    def set_identity(self) -> None:
        set_identity_kernel(self.conv.weight)


class OwnConvModule(nn.Module):
    """The 3x3 convolution that an adopted network had: no batch norm and no ReLU of ours.

    Args:
        shape: its groups are the convolution's.
        own: the adopted network's convolution, which may have a bias.
    """

    def __init__(self, shape: Shape, own: OwnConv) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            shape.in_channels,
            shape.out_channels,
            3,
            stride=shape.stride,
            padding=1,
            groups=shape.groups,
            bias=own.bias,
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


class SepConv(WeightedOperation):
    """A depthwise `kernel` x `kernel` convolution, then a 1x1 convolution.

    Args:
        kernel: side of the depthwise window in pixels.
    """

    def __init__(self, kernel: int, shape: Shape, order: Order) -> None:
        super().__init__(shape, order)
        channels = shape.in_channels
        self.depthwise = nn.Conv2d(
            channels,
            channels,
            kernel,
            stride=shape.stride,
            padding=kernel // 2,
            groups=channels,
            bias=False,
        )
        self.pointwise = nn.Conv2d(channels, shape.out_channels, 1, bias=False)

    def weigh(self, x: Tensor) -> Tensor:
        return self.pointwise(self.depthwise(x))

    def set_identity(self) -> None:
        set_identity_kernel(self.depthwise.weight)
        set_identity_kernel(self.pointwise.weight)


@torch.no_grad()
def set_identity_kernel(weight: Tensor) -> None:
    """Fill a kernel `(C, C / groups, k, k)` so that the convolution returns its input."""
    out_channels, per_group, kernel, _ = weight.shape
    weight.zero_()
    channels = torch.arange(out_channels)
    weight[channels, channels % per_group, kernel // 2, kernel // 2] = 1.0


def make_operation(
    operation: Operation, shape: Shape, order: Order, own: OwnConv | None = None
) -> nn.Module:
    """The module of an edge.

    Args:
        shape: only grouped convolutions use its groups.
        own: set where the edge is a convolution that an adopted network had.
    """
    if own is not None:
        groups = shape.groups if operation is Operation.GROUP_CONV_3X3 else 1
        return OwnConvModule(replace(shape, groups=groups), own)
    if operation.is_separable:
        return SepConv(operation.kernel, shape, order)
    if operation.is_conv:
        groups = shape.groups if operation is Operation.GROUP_CONV_3X3 else 1
        conv_shape = Shape(shape.in_channels, shape.out_channels, shape.stride, groups)
        return Conv(operation.kernel, conv_shape, order)
    if operation is Operation.AVG_POOL_3X3:
        return nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)
    if operation is Operation.MAX_POOL_3X3:
        return nn.MaxPool2d(3, stride=1, padding=1)
    return nn.Identity()
