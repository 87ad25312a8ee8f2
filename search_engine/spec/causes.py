"""Whose fault an error is: what is made of it depends on that, and on nothing else. No torch.

torch has a class for full memory, and raises it in one of the many places where memory can be full.
For the others, and for a GPU whose context is broken, there are only words.
"""

import errno
import re
from collections.abc import Iterator
from enum import StrEnum

from search_engine.spec.errors import (
    DeviceFull,
    DeviceUnusable,
    OutOfMemory,
    SearchEngineError,
)


class Cause(StrEnum):
    """Whose fault an error is.

    `own`: of what was asked for. Trying again gives the same.
    `memory`: the device or the host had not enough. It may have, once others have let go.
    `device`: the GPU's context is broken. Nothing works on it any more until the process has ended.
    `infrastructure`: disk, files, network. The work is as good as it was.
    `bug`: none of these; nobody foresaw it.
    """

    OWN = "own"
    MEMORY = "memory"
    DEVICE = "device"
    INFRASTRUCTURE = "infrastructure"
    BUG = "bug"


_MEMORY = re.compile(
    r"""
    out[ ]of[ ]memory                     # CUDA, HIP, MPS, the driver, NCCL
    | OUT_OF_MEMORY | OutOfMemory         # CUDA_ERROR_OUT_OF_MEMORY, hipErrorOutOfMemory
    | cudaErrorMemoryAllocation
    | ALLOC(?:ATION)?_FAILED              # cuDNN, cuBLAS, cuSOLVER, cuFFT, cuRAND
    | (?:HOST|DEVICE)_ALLOCATION_FAILED   # cuDNN 9
    | (?:CUDNN|CUBLAS)_STATUS_NOT_INITIALIZED  # where there is no room for their workspace
    | NVML_SUCCESS[ ]==[ ]r               # torch, where it cannot even ask how full the card is
    | INSUFFICIENT_RESOURCES | INSUFFICIENT_WORKSPACE
    | unable[ ]to[ ]find[ ](?:a[ ]valid[ ]cuDNN[ ]algorithm|an[ ]engine)  # none fits into memory
    | DefaultCPUAllocator                 # torch, on the host
    | (?:can't|cannot|can[ ]not|unable[ ]to|failed[ ]to)[ ]allocate
    | not[ ]enough[ ]memory | std::bad_alloc | bad[ ]allocation
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_DEVICE = re.compile(
    r"""
    \b(?:CUDA|HIP|NCCL)[ ](?:driver[ ])?error | CUDA[ ]failure | device-side[ ]assert
    | \b(?:cuda|hip)Error[A-Z] | \bCUDA_ERROR_ | \b(?:CUDNN|CUBLAS|CUSOLVER|CUFFT)_STATUS_
    | \bcuDNN[ ]error | illegal[ ]memory[ ]access | unspecified[ ]launch[ ]failure
    """,
    re.VERBOSE | re.IGNORECASE,
)
_UNFIT = re.compile(
    r"no kernel image|invalid device ordinal|no CUDA-capable device|No CUDA GPUs|driver on your",
    re.IGNORECASE,
)
"""torch and the machine do not fit together; nothing is broken by that."""
_DISK = re.compile(
    r"no space left|disk quota exceeded|input/output error|read-only file system"
    r"|stale file handle|too many open files|PytorchStreamWriter failed"
    r"|inline_container.*unexpected pos",
    re.IGNORECASE,
)

_WORDS = (
    (_MEMORY, Cause.MEMORY),
    (_UNFIT, Cause.INFRASTRUCTURE),
    (_DEVICE, Cause.DEVICE),
    (_DISK, Cause.INFRASTRUCTURE),
)


def cause_of(error: BaseException) -> Cause:
    """Whose fault an error is, by its class and by the words of those that raised it."""
    for one in chain(error):
        cause = _by_class(one)
        if cause is not None:
            return cause
    # Libraries below torch have no classes: theirs are the words of another error.
    said = "\n".join(str(one) for one in chain(error) if not isinstance(one, SearchEngineError))
    for words, cause in _WORDS:
        if words.search(said):
            return cause
    return Cause.OWN if isinstance(error, SearchEngineError) else Cause.BUG


def is_out_of_memory(error: BaseException) -> bool:
    """Whether it means full memory, of the device or of the host, in whatever words."""
    return cause_of(error) is Cause.MEMORY


def breaks_context(error: BaseException) -> bool:
    """Whether a process that met it can do nothing more on its GPU: every later call fails."""
    return cause_of(error) is Cause.DEVICE


def chain(error: BaseException) -> Iterator[BaseException]:
    """An error and those that it was raised from."""
    seen: set[int] = set()
    found: BaseException | None = error
    while found is not None and id(found) not in seen:
        seen.add(id(found))
        yield found
        found = found.__cause__


def _by_class(error: BaseException) -> Cause | None:
    if isinstance(error, OutOfMemory | MemoryError) or _is_of_torch(error, "OutOfMemoryError"):
        return Cause.MEMORY
    if isinstance(error, DeviceFull | DeviceUnusable):
        return Cause.INFRASTRUCTURE
    if isinstance(error, OSError):
        return Cause.MEMORY if error.errno == errno.ENOMEM else Cause.INFRASTRUCTURE
    return None


def _is_of_torch(error: BaseException, name: str) -> bool:
    return any(
        kind.__name__ == name and kind.__module__.partition(".")[0] == "torch"
        for kind in type(error).__mro__
    )
