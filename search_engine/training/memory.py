"""A device's memory: how a network is laid out in it, and how to notice that it is full."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from search_engine.errors import OutOfMemory
from search_engine.networks import Network

_FULL = ("DefaultCPUAllocator", "CUDNN_STATUS_ALLOC_FAILED", "CUBLAS_STATUS_ALLOC_FAILED")


@torch.no_grad()
def settle(network: Network, device: torch.device) -> None:
    """Move a network to a device, all its kernels stored channels last.

    They are written anew, not only marked: a 1x1 kernel fits both layouts, and from what it claims
    to be follows which algorithm is chosen. A rebuilt network would compute in another order.
    """
    network.to(device)
    for tensor in (*network.parameters(), *network.buffers()):
        if tensor.dim() == 4:
            tensor.data = tensor.clone(memory_format=torch.channels_last)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the error says that memory was full, in any of torch's ways to say it."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return any(sign in str(error) for sign in _FULL)


@contextmanager
def memory_faults() -> Iterator[None]:
    """Turn errors that say that memory is full into a fault of what is trained.

    Raises:
        OutOfMemory: memory was full.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        raise OutOfMemory(str(error).splitlines()[0]) from None
