"""What runs in a process of its own: `python -m webapp.work.child MODULE:FUNCTION MEMORY_BYTES`.

Whatever a stranger's file, or a library, does to memory or time ends this process and no worker. It
knows no database and no secret. The request comes on standard input, as JSON; JSON lines go out on
standard output: `{"progress": {"share", "note"}}` now and then, and at last `{"answer"}` or
`{"refused", "code"}` or `{"delayed"}`, where what it needs is not there now. No Django here.
"""

import json
import os
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Protocol, TextIO

from search_engine.process_life import die_with_parent, limit_memory
from webapp.work import causes
from webapp.work.causes import Cause

MEMORY = "It needs more memory than the {limit:.3g} GB that this server allows."


class Tell(Protocol):
    """Says how far the work has come."""

    def __call__(self, share: float, note: str) -> None: ...


Task = Callable[[Mapping[str, Any], Tell], Any]


def main(name: str, memory_bytes: int) -> None:
    """Do what the request asks for; what the engine refuses is an answer, too."""
    die_with_parent()
    # Libraries print what they like: the real standard output is for messages alone.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    request = json.load(sys.stdin)

    def tell(share: float, note: str) -> None:
        _write(out, {"progress": {"share": round(share, 4), "note": note}})

    tell(0.0, "Starting")
    _write(out, answer(name, request, tell, memory_bytes))


def answer(
    name: str, request: Mapping[str, Any], tell: Tell, memory_bytes: int | None = None
) -> dict[str, Any]:
    """What the function returns, or why it refuses.

    Args:
        memory_bytes: that this process may take from now on; no limit where None.
    """
    # Only now: torch takes seconds, in which the worker may be killed.
    import torch

    from search_engine.spec.errors import SearchEngineError

    torch.set_num_threads(1)
    module, _, function = name.partition(":")
    task: Task = getattr(import_module(module), function)
    if memory_bytes is not None:
        limit_memory(memory_bytes)
    try:
        return {"answer": task(request, tell)}
    except SearchEngineError as refused:
        return {"refused": str(refused), "code": getattr(refused, "code", "refused")}
    except Exception as error:
        cause = causes.cause_of(error)
        if cause is Cause.MEMORY and memory_bytes is not None:
            return {"refused": MEMORY.format(limit=memory_bytes / 1e9), "code": "memory"}
        if cause is Cause.INFRASTRUCTURE:
            return {"delayed": causes.sentence(error, cause)}
        raise


def _write(out: TextIO, message: Mapping[str, Any]) -> None:
    out.write(json.dumps(message) + "\n")
    out.flush()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
