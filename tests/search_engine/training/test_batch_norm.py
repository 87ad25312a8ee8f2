"""Statistics of batch norms, measured anew."""

import torch
from torch import nn

from search_engine.training.batch_norm import refresh_batch_norms
from tests.growing import random_images, small_skeleton, trained_network


def norms(network: nn.Module) -> list[nn.BatchNorm2d]:
    """All batch norms of a network."""
    return [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]


def test_statistics_are_the_means_over_the_batches() -> None:
    network = trained_network(small_skeleton("pyramidnet"), 1)
    batches = [random_images(seed, count=8) for seed in (1, 2)]
    seen = [network.stem.conv(images) for images in batches]  # type: ignore[union-attr,operator]
    refresh_batch_norms(network, batches)
    first = norms(network)[0]
    mean = torch.stack([x.mean(dim=(0, 2, 3)) for x in seen]).mean(dim=0)
    variance = torch.stack([x.var(dim=(0, 2, 3)) for x in seen]).mean(dim=0)
    torch.testing.assert_close(first.running_mean, mean)
    torch.testing.assert_close(first.running_var, variance)


def test_nothing_else_changes() -> None:
    network = trained_network(small_skeleton("densenet"), 1)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    momenta = [norm.momentum for norm in norms(network)]
    refresh_batch_norms(network, [random_images(1)])
    assert not network.training
    assert [norm.momentum for norm in norms(network)] == momenta
    for name, tensor in network.state_dict().items():
        if not name.endswith(("running_mean", "running_var", "num_batches_tracked")):
            assert torch.equal(tensor, before[name])


def test_drop_path_stays_off() -> None:
    skeleton = small_skeleton("chainnet")
    network, other = trained_network(skeleton, 1), trained_network(skeleton, 1)
    for cell in other.cells().values():
        for node in cell.nodes():
            node.drop_path = 0.9
    for each in (network.train(), other.train()):
        refresh_batch_norms(each, [random_images(1)])
        assert each.training
    states = network.state_dict(), other.state_dict()
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
