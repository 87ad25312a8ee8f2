"""The two modules that a converted CondenseNet has besides; their index is among the weights."""

from search_engine.architecture.operations import Order

_SHUFFLED = "y.unflatten(1, (self.groups, -1)).transpose(1, 2).flatten(1, 2)"
_ORDERS = {
    Order.BN_ACT_WEIGHT: ("in_channels", "x = F.relu(self.norm(x))", _SHUFFLED),
    Order.ACT_WEIGHT_BN: ("out_channels", "x = F.relu(x)", f"self.norm({_SHUFFLED})"),
    Order.WEIGHT_BN_ACT: ("out_channels", "", f"F.relu(self.norm({_SHUFFLED}))"),
}

LINEAR = '''
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


def condensed_conv(order: Order) -> str:
    """The class of converted learned group convolutions."""
    norm, first, last = _ORDERS[order]
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
