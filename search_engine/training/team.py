"""The processes that train one network together, and what they must agree on.

Each process has a copy of the network and a share of every batch. A process that trains alone is a
team of one, for which all of this is nothing.
"""

from torch import Tensor, nn

from search_engine.networks import Network


class Team:
    """A process that trains alone; `search_engine.training.distributed` has the others.

    `rank` is the number of this process, from 0, and `size` how many there are.
    """

    rank = 0
    size = 1

    @property
    def leads(self) -> bool:
        """Whether this process evaluates and writes."""
        return self.rank == 0

    @property
    def seeds(self) -> tuple[int, ...]:
        """What its random numbers depend on beside the training's seed."""
        return (self.rank,) if self.rank else ()

    def share_norms(self, network: Network) -> None:
        """Let batch norms see the whole batch, whatever this process has of it."""

    def wrapped(self, network: Network) -> nn.Module:
        """The network as it is called in training: gradients come out as the whole batch's."""
        return network

    def agree(self, wish: bool, images: int) -> tuple[bool, int]:
        """Whether any of the processes has this wish, and how many images they have together."""
        return wish, images

    def total(self, values: Tensor) -> Tensor:
        """The sums of all processes' values, float64, on their device."""
        return values


ALONE = Team()
"""The team of a process that trains alone."""


def is_lost_connection(error: RuntimeError) -> bool:
    """Whether it says that another process is gone; its words differ by backend."""
    text = str(error).lower()
    return any(sign in text for sign in ("gloo", "nccl", "connection", "process group"))
