"""A training step recorded once as a CUDA graph and then replayed, without Python in between.

A small network at batch 64 spends most of a step on launching kernels; a replay launches them all
at once. Weights, momentum, learning rate, gate openings and totals are tensors that stay where they
are, so one graph serves until the network becomes another module.
"""

import torch
from torch import Tensor

from search_engine.training.step import TrainStep

_WARM_UP_STEPS = 3


class GraphedStep:
    """Does what a `TrainStep` does, by replay where that is possible.

    The first steps are ordinary ones, on a stream of their own as recording wants it. A batch of
    another shape, such as the last of an epoch, is an ordinary step too. Where recording fails, all
    are.

    Args:
        step: on a CUDA device.
    """

    def __init__(self, step: TrainStep) -> None:
        self._step = step
        self._failed = False
        self._shape: torch.Size | None = None
        self.forget()

    def forget(self) -> None:
        """The network has changed: record it anew."""
        self._graph: torch.cuda.CUDAGraph | None = None
        self._images: Tensor | None = None
        self._labels: Tensor | None = None
        self._warm = 0

    def __call__(self, images: Tensor, labels: Tensor) -> None:
        """Teach the network `images`, `(N, C, H, W)`, with their `labels`, int64, `(N,)`."""
        if self._shape is None:
            self._shape = images.shape  # an epoch's first batch is a whole one
        if self._failed or images.shape != self._shape:
            self._step(images, labels)
        elif self._warm < _WARM_UP_STEPS:
            self._warm += 1
            self._aside(images, labels)
        elif self._graph is not None or self._record(images, labels):
            self._replay(images, labels)
        else:
            self._step(images, labels)

    def _aside(self, images: Tensor, labels: Tensor) -> None:
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            self._step(images, labels)
        torch.cuda.current_stream().wait_stream(stream)

    def _record(self, images: Tensor, labels: Tensor) -> bool:
        """Record a step, without doing it; whether that worked."""
        self._images, self._labels = images.clone(), labels.clone()
        self._step.optimiser.zero_grad(set_to_none=True)
        try:
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph):
                self._step(self._images, self._labels)
        except RuntimeError:
            # Out of memory too: an ordinary step needs less, and says so itself if even that fails.
            self.forget()
            self._failed = True
            return False
        self._graph = graph
        return True

    def _replay(self, images: Tensor, labels: Tensor) -> None:
        assert self._graph is not None
        assert self._images is not None
        assert self._labels is not None
        self._images.copy_(images)
        self._labels.copy_(labels)
        self._graph.replay()
