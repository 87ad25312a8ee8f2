"""Errors as torch, CUDA's libraries, the disk and the host word them, and whose fault each is."""

import errno
import os

import pytest
import torch

from search_engine.spec.causes import Cause, breaks_context, cause_of, is_out_of_memory
from search_engine.spec.errors import CheckpointError, OutOfMemory, TrainingDiverged

MEMORY = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has …"),
    torch.AcceleratorError("CUDA error: out of memory\nCUDA kernel errors might be …"),
    RuntimeError("CUDA driver error: out of memory"),
    RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
    RuntimeError("cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED"),
    RuntimeError("cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED"),
    RuntimeError("cuDNN error: CUDNN_STATUS_NOT_INITIALIZED"),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    RuntimeError("CUDA error: CUBLAS_STATUS_NOT_INITIALIZED when calling `cublasCreate(handle)`"),
    RuntimeError("cusolver error: CUSOLVER_STATUS_ALLOC_FAILED, when calling …"),
    RuntimeError("cuFFT error: CUFFT_ALLOC_FAILED"),
    RuntimeError("Unable to find a valid cuDNN algorithm to run convolution"),
    RuntimeError("FIND was unable to find an engine to execute this computation"),
    RuntimeError("GET was unable to find an engine to execute this computation"),
    RuntimeError("NCCL error: unhandled cuda error, Cuda failure 2 'out of memory'"),
    RuntimeError("NVML_SUCCESS == r INTERNAL ASSERT FAILED at CUDACachingAllocator.cpp"),
    RuntimeError("HIP out of memory. Tried to allocate 20.00 MiB"),
    RuntimeError("MPS backend out of memory (MPS allocated: 5.27 GB)"),
    RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes."),
    RuntimeError("[enforce fail at alloc_cpu.cpp:75] . DefaultCPUAllocator: not enough memory"),
    RuntimeError("unable to mmap 4096 bytes from file <x>: Cannot allocate memory (12)"),
    RuntimeError("std::bad_alloc"),
    MemoryError(),
    OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)),
    OutOfMemory("2 GiB"),
]
DEVICE = [
    torch.AcceleratorError("CUDA error: an illegal memory access was encountered"),
    RuntimeError("CUDA error: device-side assert triggered"),
    RuntimeError("CUDA error: unspecified launch failure"),
    RuntimeError("CUDA error: misaligned address"),
    RuntimeError("CUDA error: uncorrectable ECC error encountered"),
    RuntimeError("CUDA error: CUBLAS_STATUS_EXECUTION_FAILED when calling `cublasSgemm( …"),
    RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"),
    RuntimeError("CUDA driver error: unknown error"),
]
INFRASTRUCTURE = [
    OSError(errno.ENOSPC, "No space left on device"),
    FileNotFoundError(errno.ENOENT, "No such file or directory", "weights.safetensors"),
    OSError("Error while serializing: I/O error: No space left on device (os error 28)"),
    RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos 576 vs 534"),
    RuntimeError("unable to write to file </torch_1>: No space left on device (28)"),
    RuntimeError("CUDA error: no kernel image is available for execution on the device"),
    ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"),
]
OWN = [TrainingDiverged(1, 2, "the loss is nan"), CheckpointError("a file", "it is damaged")]
BUGS = [ZeroDivisionError("division by zero"), RuntimeError("shape '[3]' is invalid for input")]


@pytest.mark.parametrize(
    ("errors", "cause"),
    [
        (MEMORY, Cause.MEMORY),
        (DEVICE, Cause.DEVICE),
        (INFRASTRUCTURE, Cause.INFRASTRUCTURE),
        (OWN, Cause.OWN),
        (BUGS, Cause.BUG),
    ],
    ids=lambda value: value if isinstance(value, Cause) else "",
)
def test_each_error_has_its_cause(errors: list[Exception], cause: Cause) -> None:
    assert {str(error): cause_of(error) for error in errors} == {
        str(error): cause for error in errors
    }


def test_what_an_error_was_raised_from_tells() -> None:
    def cannot_be_read() -> None:
        raise CheckpointError("a file", "it cannot be read") from OSError(errno.EIO, "I/O error")

    with pytest.raises(CheckpointError) as raised:
        cannot_be_read()
    assert cause_of(raised.value) is Cause.INFRASTRUCTURE


def test_a_device_that_is_full_is_not_broken() -> None:
    assert all(is_out_of_memory(error) and not breaks_context(error) for error in MEMORY)
    assert all(breaks_context(error) and not is_out_of_memory(error) for error in DEVICE)


def test_torch_says_so_itself_where_the_host_is_full() -> None:
    with pytest.raises(RuntimeError) as raised:
        torch.empty(1 << 50, dtype=torch.uint8)
    assert is_out_of_memory(raised.value)
