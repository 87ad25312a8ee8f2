"""A training on its device: the layout of its tensors, full memory, and its own random numbers."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from search_engine.data.splits import seeded_generator
from search_engine.networks import Network
from search_engine.spec.causes import is_out_of_memory
from search_engine.spec.errors import OutOfMemory

OTHERS_SHARE = 0.15
"""Of a GPU's memory; the CUDA context of a process, which is its own, takes less."""


@torch.no_grad()
def settle(network: Network, device: torch.device) -> None:
    """Move a network to a device and store all its kernels channels last.

    The kernels are copied, not only marked: a 1x1 kernel fits both layouts, and the one it claims
    to have decides which algorithm is chosen. Without the copy, a network that was rebuilt from a
    state would compute in another order than the original.
    """
    network.to(device)
    for tensor in (*network.parameters(), *network.buffers()):
        if tensor.dim() == 4:
            tensor.data = tensor.clone(memory_format=torch.channels_last)


@contextmanager
def memory_faults() -> Iterator[None]:
    """Turn errors that mean full memory into a fault of the network that is trained.

    Raises:
        OutOfMemory: memory was full.
    """
    try:
        yield
    except (RuntimeError, MemoryError, OSError) as error:
        if not is_out_of_memory(error):
            raise
        raise OutOfMemory(str(error).splitlines()[0]) from None


@contextmanager
def whole_float32() -> Iterator[None]:
    """Inside the `with`, float32 on CUDA has all its digits: torch lets convolutions have fewer."""
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32 = before


def free_memory(device: torch.device) -> None:
    """Give back what nothing in this process needs any more."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()


def is_filled_by_others(device: torch.device) -> bool:
    """Whether other processes hold so much of a GPU that full memory says nothing of a network."""
    if device.type != "cuda":
        return False
    free_bytes, total_bytes = torch.cuda.mem_get_info(device)
    others = total_bytes - free_bytes - torch.cuda.memory_reserved(device)
    return others > OTHERS_SHARE * total_bytes


class TrainingRandomness:
    """Gives a training torch's default generators for its own, without others noticing.

    DropPath draws from the default generators, because no other generator can be handed through the
    modules. They are seeded anew for each epoch, so a resumed training needs no state of them.
    """

    def __init__(self, device: torch.device) -> None:
        self._generators = [torch.default_generator]
        if device.type == "cuda":
            torch.cuda.init()
            index = torch.cuda.current_device() if device.index is None else device.index
            self._generators.append(torch.cuda.default_generators[index])
        self._states = [generator.get_state() for generator in self._generators]

    def seed(self, *seeds: int) -> None:
        """Seed the generators from all the numbers; only inside `active`."""
        number = seeded_generator(*seeds).initial_seed()
        for generator in self._generators:
            generator.manual_seed(number)

    @contextmanager
    def active(self) -> Iterator[None]:
        """Inside the `with`, the default generators are this training's; then they are restored."""
        others = [generator.get_state() for generator in self._generators]
        self._set(self._states)
        try:
            yield
        finally:
            self._states = [generator.get_state() for generator in self._generators]
            self._set(others)

    def _set(self, states: list[torch.Tensor]) -> None:
        for generator, state in zip(self._generators, states, strict=True):
            generator.set_state(state)
