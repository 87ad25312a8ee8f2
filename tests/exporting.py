"""A small network of somebody's own, exported as they would."""

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.growing import look_trained


class OwnNet(nn.Module):
    """Plain, depthwise and strided convolutions, a residual sum, dropout, a scale of its own."""

    shift: Tensor

    def __init__(self, classes: int = 5) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU(inplace=True)
        )
        self.first = nn.Conv2d(8, 8, 3, padding=1)
        self.down = nn.Conv2d(8, 16, 3, stride=2, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(16)
        self.depthwise = nn.Conv2d(16, 16, 3, padding="same", groups=16)
        self.scale = nn.Parameter(torch.full((16, 1, 1), 0.5))
        self.register_buffer("shift", torch.linspace(-1, 1, 16).view(16, 1, 1))
        self.dropout = nn.Dropout(0.2)
        self.classifier = nn.Linear(16, classes)

    def forward(self, images: Tensor) -> Tensor:
        x = self.stem(images)
        x = F.relu(self.first(x), inplace=True) + x
        x = F.relu6(self.norm(self.down(x)))
        left, right = self.depthwise(x).mul(self.scale).chunk(2, dim=1)
        x = torch.cat((right, left), dim=1) + self.shift
        x = F.adaptive_avg_pool2d(x, 1).flatten(1)
        return self.classifier(self.dropout(x))


def own_net(seed: int = 0, classes: int = 5) -> OwnNet:
    """An `OwnNet` that looks trained, in eval mode."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = OwnNet(classes)
    look_trained(network, seed)
    return network.eval()


def export_to(
    network: nn.Module,
    path: Path,
    image: tuple[int, int, int] = (1, 8, 8),
    *,
    dynamic: bool = True,
    decomposed: bool = False,
) -> Path:
    """Write a network as `torch.export.save` does.

    Args:
        network: in the mode in which it is exported.
        image: shape of its input.
        dynamic: for any number of images.
        decomposed: in ATen's core operators.
    """
    batch = ({0: torch.export.Dim("batch", min=1, max=1024)},) if dynamic else None
    program = torch.export.export(network, (torch.randn(2, *image),), dynamic_shapes=batch)
    if decomposed:
        program = program.run_decompositions()
    torch.export.save(program, path)
    return path
