"""Which device a command runs on."""

import torch

from search_engine.errors import InvalidConfig


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
