"""Which devices this machine has, asked without torch: it must not enter a worker's parent."""

import os
import subprocess


def gpus() -> list[str]:
    """What CUDA_VISIBLE_DEVICES calls each GPU: those that it names already, else all there are."""
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is not None:
        return [name.strip() for name in named.split(",") if name.strip() not in ("", "-1")]
    try:
        command = ["nvidia-smi", "--list-gpus"]
        answer = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return []
    lines = answer.stdout.splitlines() if answer.returncode == 0 else []
    return [str(index) for index, line in enumerate(lines) if line.startswith("GPU ")]


def threads_each(workers: int, *, cores: int) -> int:
    """Threads of torch for each worker: one core is left over for pages and coordinator.

    More threads than free cores wait for each other: 2 on 2 busy cores ran 4 times slower than 1.
    """
    return max(1, (cores - 1) // workers)
