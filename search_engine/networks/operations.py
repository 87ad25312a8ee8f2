"""Edge operations as modules. A weighted one owns one batch norm and one ReLU, in the network's
order.

Reference: Cai et al. 2018, section 4.1 (arXiv:1806.02639).
"""

from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from search_engine.architecture.operations import Operation, Order
from search_engine.architecture.shapes import OwnConv, Shape


class WeightedOperation(nn.Module):
    """A convolution with its batch norm and ReLU: `(N, C_in, H, W)` to `(N, C_out, H / stride, …)`.

    Args:
        shape: what it maps to what.
        order: in which order weight, batch norm and ReLU come.
        activated: leave the ReLU out where False.
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
        kernel: side of the window in pixels.
        shape: what it maps to what; its groups are the convolution's.
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
        shape: what it maps to what; its groups are the convolution's.
        own: whether it has a bias.
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
        shape: what it maps to what.
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
        operation: what it computes.
        shape: what it maps to what; only grouped convolutions use its groups.
        order: of weight, batch norm and ReLU.
        own: the edge is the convolution that an adopted network had.
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
