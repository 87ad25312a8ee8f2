"""A training's own random numbers, from generators that belong to everybody."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from search_engine.data.randomness import seeded_generator


class OwnRandomness:
    """torch's default generators as one training sees them; nobody else notices.

    DropPath draws from them, because a generator of one's own cannot be handed through modules.
    They are seeded anew for each epoch, so a resumed training needs no state of them.

    Args:
        device: where the training is.
    """

    def __init__(self, device: torch.device) -> None:
        self._generators = [torch.default_generator]
        if device.type == "cuda":
            torch.cuda.init()
            index = torch.cuda.current_device() if device.index is None else device.index
            self._generators.append(torch.cuda.default_generators[index])
        self._states = [generator.get_state() for generator in self._generators]

    def seed(self, *seeds: int) -> None:
        """Begin anew, within `active`; all the seeds count."""
        number = seeded_generator(*seeds).initial_seed()
        for generator in self._generators:
            generator.manual_seed(number)

    @contextmanager
    def active(self) -> Iterator[None]:
        """Within, the default generators are the training's; without, they are as they were."""
        others = [generator.get_state() for generator in self._generators]
        self._set(self._states)
        try:
            yield
        finally:
            self._states = [generator.get_state() for generator in self._generators]
            self._set(others)

    def _set(self, states: list[torch.Tensor]) -> None:
        for generator, state in zip(self._generators, states, strict=True):
            generator.set_state(state)
