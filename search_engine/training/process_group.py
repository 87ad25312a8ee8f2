"""The processes that train one network together, and what they must agree on.

Each process has a copy of the network on its device, and a share of every batch. Batch norms take
mean and variance over the whole batch: with 64 images on eight devices each process would otherwise
see eight, which makes for another and a noisier training than on one device. So the result is what
one process would give, up to the order of sums; only DropPath draws other numbers in each process.
For a process that trains alone, all of this does nothing.

Reference: Li et al. 2020, "PyTorch Distributed" (arXiv:2006.15704).
"""

from datetime import timedelta

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from search_engine.networks import Network
from search_engine.training.batch_norm import SyncBatchNorm

TIMEOUT = timedelta(hours=1)
"""How long a process waits for the others: as long as the main process may take to evaluate."""


class ProcessGroup:
    """A group of one: the process that trains alone. `DistributedGroup` is for several."""

    rank = 0
    size = 1

    @property
    def is_main_process(self) -> bool:
        """Whether this process evaluates, writes and reports."""
        return self.rank == 0

    @property
    def seeds(self) -> tuple[int, ...]:
        """Numbers that seed this process beside the training's seed."""
        return (self.rank,) if self.rank else ()

    def synchronise_batch_norms(self, network: Network) -> None:
        """Let batch norms see the whole batch instead of this process's share."""

    def data_parallel(self, network: Network) -> nn.Module:
        """The network as training calls it: its gradients are those of the whole batch."""
        return network

    def agree(self, stop: bool, images: int) -> tuple[bool, int]:
        """Whether any process wants to stop, and how many images all have together."""
        return stop, images

    def sum(self, values: Tensor) -> Tensor:
        """The sums over all processes of float64 `values` on their device."""
        return values


SINGLE_PROCESS = ProcessGroup()


class DistributedGroup(ProcessGroup):
    """The processes that torchrun has started; gloo carries tensors on the CPU, nccl on CUDA.

    Args:
        device: the device of this process.
    """

    def __init__(self, device: torch.device) -> None:
        if device.type == "cuda":
            torch.cuda.set_device(device)
        backend = "nccl" if device.type == "cuda" else "gloo"
        dist.init_process_group(backend, timeout=TIMEOUT)
        # Agreeing goes through the hosts' memory, so that no step waits for the device.
        self._host = dist.new_group(backend="gloo", timeout=TIMEOUT)
        self.rank = dist.get_rank()
        self.size = dist.get_world_size()

    def synchronise_batch_norms(self, network: Network) -> None:
        for module in list(network.modules()):
            for name, child in module.named_children():
                if type(child) is nn.BatchNorm2d:
                    setattr(module, name, SyncBatchNorm.of(child))

    def data_parallel(self, network: Network) -> nn.Module:
        # Batch norm statistics are equal in all processes already: nothing to broadcast.
        return DistributedDataParallel(network, broadcast_buffers=False)

    def agree(self, stop: bool, images: int) -> tuple[bool, int]:
        values = torch.tensor([int(stop), images])
        dist.all_reduce(values, group=self._host)
        stops, together = values.tolist()
        return stops > 0, together

    def sum(self, values: Tensor) -> Tensor:
        values = values.clone()
        dist.all_reduce(values)
        return values

    def close(self) -> None:
        """Leave the group."""
        dist.destroy_process_group()


def is_lost_connection(error: RuntimeError) -> bool:
    """Whether the error says that another process is gone; the words differ by backend."""
    text = str(error).lower()
    return any(sign in text for sign in ("gloo", "nccl", "connection", "process group"))
