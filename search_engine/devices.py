"""The devices that torch can use here, and what is wrong with a GPU that it cannot use.

    python -m search_engine.devices

says both as JSON, for whoever must not import torch.
"""

import json
import os
import sys
import warnings

import torch

from search_engine import nvidia
from search_engine.spec.causes import is_out_of_memory
from search_engine.spec.errors import DeviceUnusable, InvalidConfig

OLDEST_DRIVERS = {"12": 525, "13": 580}
"""By major version of CUDA, from NVIDIA's "CUDA Compatibility"."""

OLDER_TORCH = "pip install torch --index-url https://download.pytorch.org/whl/cu126"
"""It has code for cards from 2014 on, sm_50 to sm_90, and runs with drivers from 525 on."""

ANY_TORCH = "pip install --force-reinstall torch"


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
    """The device of that name, or CUDA where there is one, else the CPU. A GPU is then the current
    device, which is meant wherever none is named.

    Raises:
        InvalidConfig: there is no such device.
        DeviceUnusable: torch cannot use it.
    """
    device = _found(name)[0]
    check_device(device)
    if device.type == "cuda":
        torch.cuda.set_device(device)
    return device


def pick_devices(names: str | None, most: int) -> list[torch.device]:
    """The devices of these names, with commas between; all GPUs where none is named, each with its
    index, or the CPU where there is none.

    Args:
        most: that are wanted, 0 for one of each; the processor counts as often as there are threads
            for.

    Raises:
        InvalidConfig: there is no such device.
        DeviceUnusable: torch cannot use one of them.
    """
    found = [device for name in (names.split(",") if names else [None]) for device in _found(name)]
    if found == [torch.device("cpu")]:
        found *= min(max(1, most), torch.get_num_threads())
    found = found[: most or len(found)]
    for device in dict.fromkeys(found):
        check_device(device)
    return found


def _found(name: str | None) -> list[torch.device]:
    if name is not None:
        return [_named(name)]
    gpus = range(torch.cuda.device_count() if cuda_is_available() else 0)
    return [torch.device("cuda", index) for index in gpus] or [torch.device("cpu")]


def _named(name: str) -> torch.device:
    try:
        device = torch.device(name)
        if device.type != "cuda":
            torch.empty(0, device=device)
            return device
        index = torch.cuda.current_device() if device.index is None else device.index
        torch.cuda.get_device_capability(index)
        return torch.device("cuda", index)
    except (RuntimeError, AssertionError) as error:
        raise InvalidConfig("--device", f"{name!r} is not here: {str(error)[:100]}") from None


def cuda_is_available() -> bool:
    """Whether torch finds a GPU, with a driver that is new enough. It warns of nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.cuda.is_available()


def has_bfloat16(device: torch.device) -> bool:
    """Whether it computes in bfloat16 by itself: Turing and older take many times as long."""
    return device.type == "cuda" and torch.cuda.get_device_capability(device) >= (8, 0)


def check_device(device: torch.device) -> None:
    """Let a GPU compute something; any other device is taken as it is.

    Raises:
        DeviceUnusable: torch has no code for it, its memory is full, or it is broken.
    """
    if device.type != "cuda":
        return
    try:
        torch.ones(64, device=device).add_(1).sum().item()
    except RuntimeError as error:
        raise DeviceUnusable(torch.cuda.get_device_name(device), _why(error, device)) from None


def device_faults() -> list[str]:
    """What is wrong with the GPUs that this process may see, a sentence for each."""
    if nvidia.names_none(os.environ.get("CUDA_VISIBLE_DEVICES")):
        return []
    if not cuda_is_available():
        return [_why_none()] if nvidia.is_likely() else []
    faults = []
    for index in range(torch.cuda.device_count()):
        try:
            check_device(torch.device("cuda", index))
        except DeviceUnusable as fault:
            faults.append(str(fault))
    return faults


def _why(error: RuntimeError, device: torch.device) -> str:
    if "no kernel image" in str(error):
        major, minor = torch.cuda.get_device_capability(device)
        has = " ".join(torch.cuda.get_arch_list())
        return (
            f"it is an sm_{major}{minor}, for which torch {torch.__version__} has no code (it has"
            f" {has}). Install one that has: {OLDER_TORCH}"
        )
    if is_out_of_memory(error):
        return "its memory is full; nvidia-smi says of what"
    return f"it does not work ({str(error).splitlines()[0]}); nvidia-smi and dmesg may say more"


def _why_none() -> str:
    """Why torch finds no GPU where the driver does."""
    cuda = torch.version.cuda
    if cuda is None:
        return f"This torch, {torch.__version__}, is built without CUDA. Install: {ANY_TORCH}"
    version, oldest = nvidia.driver(), OLDEST_DRIVERS.get(cuda.partition(".")[0], 0)
    found = version.partition(".")[0]
    if found.isdecimal() and int(found) < oldest:
        return (
            f"The driver {version} is too old for CUDA {cuda}: it needs {oldest} or newer. Update"
            f" the driver, or install a torch for an older CUDA: {OLDER_TORCH}"
        )
    return f"torch {torch.__version__} for CUDA {cuda} finds none of the GPUs; see nvidia-smi"


def _listed() -> list[dict[str, str]]:
    if not cuda_is_available():
        return []
    found = map(torch.cuda.get_device_properties, range(torch.cuda.device_count()))
    return [{"uuid": f"GPU-{gpu.uuid}", "name": gpu.name} for gpu in found]


if __name__ == "__main__":
    json.dump({"gpus": _listed(), "faults": device_faults()}, sys.stdout)
