"""How long a process lives, and how much it may take: none outlives the one that started it."""

import ctypes
import resource
import signal
import sys

PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Have the system kill this process when the thread that started it is gone (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def limit_memory(memory_bytes: int) -> None:
    """Allow this process so much more than libraries have mapped already, which is gigabytes."""
    if sys.platform == "linux":
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - a special file
            mapped_bytes = int(file.read().split()[0]) * resource.getpagesize()
        limit = mapped_bytes + memory_bytes
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
