"""Work on a CUDA device, recorded once as a graph and then replayed without Python in between."""

import functools
import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from search_engine.spec.causes import breaks_context

logger = logging.getLogger(__name__)

WARM_UP_CALLS = 3
_EMPTY = "The CUDA Graph is empty"


class RecordingFailed(Exception):
    """It could not be recorded, and nothing of the attempt is left: ordinary calls go on."""


@functools.cache
def side_stream(device: torch.device) -> torch.cuda.Stream:
    """The stream on which this process warms up and records, as CUDA requires one beside.

    One for all: torch keeps memory and a workspace for every stream on which it has worked.
    """
    return torch.cuda.Stream(device)


@contextmanager
def on_side_stream(device: torch.device) -> Iterator[None]:
    """Inside the `with`, work goes to the side stream, in order with what is before and after."""
    stream, before = side_stream(device), torch.cuda.current_stream(device)
    stream.wait_stream(before)
    with torch.cuda.stream(stream):
        yield
    before.wait_stream(stream)


def record(call: Callable[[], object], device: torch.device) -> torch.cuda.CUDAGraph:
    """Record what a call does on the device, without doing it. Warm it up beforehand.

    Other threads may use CUDA meanwhile.

    Args:
        device: with its index.

    Raises:
        RecordingFailed: the call does what cannot be recorded, or memory is full. Current stream
            and random numbers are as before.
    """
    before = torch.cuda.current_stream(device)
    graph = torch.cuda.CUDAGraph()
    try:
        with torch.cuda.device(device), _refusing_empty_graphs():
            mode, stream = "thread_local", side_stream(device)
            with torch.cuda.graph(graph, stream=stream, capture_error_mode=mode):
                call()
        return graph
    except (RuntimeError, UserWarning) as error:
        first = _first(error)
        if breaks_context(first) and "captur" not in str(first):
            raise
        reason = str(first).partition("\n")[0][:300]
    # Not while the error is handled: its traceback holds memory that the next step needs.
    _heal(before, device)
    raise RecordingFailed(reason)


def _first(error: BaseException) -> BaseException:
    """What went wrong, and not that the recording then ended badly."""
    return error if error.__context__ is None else _first(error.__context__)


@contextmanager
def _refusing_empty_graphs() -> Iterator[None]:
    """torch only warns where nothing was recorded; the replays would do nothing, without a word."""
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=_EMPTY)
        yield


def _heal(before: torch.cuda.Stream, device: torch.device) -> None:
    """Undo what `torch.cuda.graph` leaves behind when it raises at its end.

    The current stream stays the recording one, and the generator believes that recording goes on,
    so that nothing random works any more; another recording puts that right.
    """
    torch.cuda.set_stream(before)
    with torch.cuda.device(device):
        draw = functools.partial(torch.empty(1, device=device).bernoulli_, 0.5)
        with torch.cuda.graph(torch.cuda.CUDAGraph(), stream=side_stream(device)):
            draw()


class Replayed:
    """Does what a call on a CUDA device does, by replay where that is possible.

    A small network at batch 64 spends most of its time on launching kernels; a replay launches them
    all at once. The first calls are ordinary ones. So is a call whose inputs have another shape
    than the first, such as an epoch's last batch. Where recording fails, all are.

    Args:
        call: of tensors; beside them it works on what stays where it is, such as weights. What it
            returns is overwritten by the next call.
        device: of all of that, with its index.
        prepare: called before recording.
    """

    def __init__(
        self,
        call: Callable[..., Any],
        device: torch.device,
        *,
        prepare: Callable[[], object] = lambda: None,
    ) -> None:
        self.replays = 0
        self.failure: str | None = None
        self._call, self._device, self._prepare = call, device, prepare
        self._shape: torch.Size | None = None
        self.forget()

    def forget(self) -> None:
        """Record anew, because something no longer stays where it was."""
        self._graph: torch.cuda.CUDAGraph | None = None
        self._inputs: tuple[Tensor, ...] = ()
        self._output: Any = None
        self._warm = 0

    def __call__(self, *inputs: Tensor) -> Any:
        """What the call returns."""
        if self._shape is None:
            self._shape = inputs[0].shape  # an epoch's first batch is a whole one
        if self.failure is not None or inputs[0].shape != self._shape:
            return self._call(*inputs)
        if self._warm < WARM_UP_CALLS:
            self._warm += 1
            with on_side_stream(self._device):
                return self._call(*inputs)
        if self._graph is None and not self._record(*inputs):
            return self._call(*inputs)
        return self._replay(*inputs)

    def _record(self, *inputs: Tensor) -> bool:
        """Record a call without doing it; returns whether that worked."""
        self._inputs = tuple(tensor.clone() for tensor in inputs)
        self._prepare()

        def call() -> None:
            self._output = self._call(*self._inputs)

        try:
            self._graph = record(call, self._device)
        except RecordingFailed as failed:
            # Out of memory too: an ordinary call needs less, and says so itself if even that fails.
            logger.warning("goes on without CUDA graphs, slower: %s", failed)
            self.forget()
            self.failure = str(failed)
            return False
        return True

    def _replay(self, *inputs: Tensor) -> Any:
        assert self._graph is not None
        for kept, given in zip(self._inputs, inputs, strict=True):
            kept.copy_(given)
        self._graph.replay()
        self.replays += 1
        return self._output
