"""The small modules and functions of a generated file, by the network's order."""

from collections.abc import Collection

from search_engine.spec.operations import Order

_HELPERS = {
    "mean": '''
def mean(*branches: Tensor) -> Tensor:
    """Join branches by `add`: their mean."""
    return sum(branches[1:], start=branches[0]) / len(branches)
''',
    "concat": '''
def concat(*branches: Tensor) -> Tensor:
    """Join branches by `concat`: along the channels."""
    return torch.cat(branches, dim=1)
''',
    "split_widths": '''
def split_widths(channels: int, parts: int) -> list[int]:
    """Cut `channels` in parts whose sizes differ by at most one, larger first."""
    size, larger = divmod(channels, parts)
    return [size + 1] * larger + [size] * (parts - larger)
''',
    "split": '''
def split(x: Tensor, parts: int) -> tuple[Tensor, ...]:
    """Hand out the channels of `x`, a part to each branch."""
    return torch.split(x, split_widths(x.shape[1], parts), dim=1)
''',
}
"""Parts by name; one that another needs comes before it."""

_WORDS = {
    Order.BN_ACT_WEIGHT: "batch norm, ReLU, {weight}",
    Order.ACT_WEIGHT_BN: "ReLU, {weight}, batch norm",
    Order.WEIGHT_BN_ACT: "{weight}, batch norm, ReLU",
}
_SHUFFLED = "y.unflatten(1, (self.groups, -1)).transpose(1, 2).flatten(1, 2)"
_CONDENSED_ORDERS = {
    Order.BN_ACT_WEIGHT: ("in_channels", "x = F.relu(self.norm(x))", _SHUFFLED),
    Order.ACT_WEIGHT_BN: ("out_channels", "x = F.relu(x)", f"self.norm({_SHUFFLED})"),
    Order.WEIGHT_BN_ACT: ("out_channels", "", f"F.relu(self.norm({_SHUFFLED}))"),
}

CONDENSED_LINEAR = '''
class CondensedLinear(nn.Module):
    """A linear layer on the half of its inputs that training has kept."""

    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__()
        kept = in_features // 2
        self.register_buffer("index", torch.zeros(kept, dtype=torch.int64))
        self.linear = nn.Linear(kept, out_features)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x.index_select(1, self.index))
'''


def helpers(names: Collection[str]) -> list[str]:
    """The functions of these names, which cells use."""
    return [source for name, source in _HELPERS.items() if name in names]


def conv(order: Order, *, relu_may_lack: bool) -> str:
    """The class of dense and grouped convolutions.

    Args:
        relu_may_lack: the network has some without a ReLU, as PyramidNet does.
    """
    relu = "F.relu({}) if self.relu else {}" if relu_may_lack else "F.relu({})"
    norm = "in_channels" if order.norm_first else "out_channels"
    keyword = "\n        *,\n        relu: bool = True," if relu_may_lack else ""
    kept = "\n        self.relu = relu" if relu_may_lack else ""
    return f'''
class Conv(nn.Module):
    """{_sentence(order, "convolution")}."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int,
        stride: int = 1,
        groups: int = 1,{keyword}
    ) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d({norm})
        self.conv = nn.Conv2d(
            in_channels,
            out_channels,
            kernel,
            stride=stride,
            padding=kernel // 2,
            groups=groups,
            bias=False,
        ){kept}

    def forward(self, x: Tensor) -> Tensor:
        {_forward(order, "self.conv({})", relu)}
'''


def sep_conv(order: Order) -> str:
    """The class of depthwise-separable convolutions."""
    norm = "channels" if order.norm_first else "out_channels"
    return f'''
class SepConv(nn.Module):
    """{_sentence(order, "depthwise convolution, 1x1 convolution")}."""

    def __init__(self, channels: int, out_channels: int, kernel: int, stride: int = 1) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d({norm})
        self.depthwise = nn.Conv2d(
            channels,
            channels,
            kernel,
            stride=stride,
            padding=kernel // 2,
            groups=channels,
            bias=False,
        )
        self.pointwise = nn.Conv2d(channels, out_channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        {_forward(order, "self.pointwise(self.depthwise({}))", "F.relu({})")}
'''


def stem(order: Order, *, normed: bool, stride: int) -> str:
    """The class of the first convolution."""
    relu = order is Order.WEIGHT_BN_ACT
    inner = "self.norm(self.conv(images))" if normed else "self.conv(images)"
    words = "3x3 convolution" + (", batch norm" if normed else "") + (", ReLU" if relu else "")
    norm = "\n        self.norm = nn.BatchNorm2d(out_channels)" if normed else ""
    step = f"stride={stride}, " if stride > 1 else ""
    return f'''
class Stem(nn.Module):
    """The first layer: {words}."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 3, {step}padding=1, bias=False){norm}

    def forward(self, images: Tensor) -> Tensor:
        return {f"F.relu({inner})" if relu else inner}
'''


def head(linear: str = "nn.Linear") -> str:
    """The class of the last layers."""
    return f'''
class Head(nn.Module):
    """The last layers: batch norm, ReLU, global average pool, linear."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels)
        self.linear = {linear}(channels, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = F.adaptive_avg_pool2d(F.relu(self.norm(x)), 1)
        return self.linear(torch.flatten(x, 1))
'''


def condensed_conv(order: Order) -> str:
    """The class of converted learned group convolutions."""
    norm, first, last = _CONDENSED_ORDERS[order]
    before = f"        {first}\n" if first else ""
    return f'''
class CondensedConv(nn.Module):
    """A 1x1 convolution whose groups each read the inputs that training has kept for them.

    The inputs are picked by an index, go through a grouped convolution, and are shuffled so that
    a grouped convolution after it sees outputs of all groups.
    """

    def __init__(self, in_channels: int, out_channels: int, kept: int, groups: int) -> None:
        super().__init__()
        self.groups = groups
        self.norm = nn.BatchNorm2d({norm})
        self.register_buffer("index", torch.zeros(kept, dtype=torch.int64))
        self.conv = nn.Conv2d(kept, out_channels, 1, groups=groups, bias=False)

    def forward(self, x: Tensor) -> Tensor:
{before}        y = self.conv(x.index_select(1, self.index))
        return {last}
'''


def _sentence(order: Order, weight: str) -> str:
    words = _WORDS[order].format(weight=weight)
    return words[0].upper() + words[1:]


def _forward(order: Order, weigh: str, relu: str) -> str:
    """Body of `forward`: weight, batch norm and ReLU in the network's order.

    Args:
        weigh: the convolution of `{}`.
        relu: the ReLU of every `{}`.
    """
    relu = relu.replace("{}", "x")
    match order:
        case Order.BN_ACT_WEIGHT:
            first, last = "self.norm(x)", weigh.format(relu)
        case Order.ACT_WEIGHT_BN:
            first, last = relu, f"self.norm({weigh.format('x')})"
        case Order.WEIGHT_BN_ACT:
            first, last = f"self.norm({weigh.format('x')})", relu
    return f"x = {first}\n        return {last}"
