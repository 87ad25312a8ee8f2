"""Which device a command runs on."""

import torch

from search_engine.errors import InvalidConfig


def set_threads(threads: int | None) -> None:
    """Let torch use so many CPU threads. On a busy machine one is often faster than all.

    Raises:
        InvalidConfig: the number is below 1.
    """
    if threads is None:
        return
    if threads < 1:
        raise InvalidConfig("--threads", f"expected at least 1, got {threads}")
    torch.set_num_threads(threads)


def pick_device(name: str | None) -> torch.device:
    """The device of that name, or CUDA where there is one, else the CPU.

    Raises:
        InvalidConfig: there is no such device.
    """
    if name is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise InvalidConfig("--device", f"{name!r} is not here: {str(error)[:100]}") from None
    return device
