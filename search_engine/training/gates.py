"""The gates of an annealed child in training: opened, removed, saved and restored."""

import torch

from search_engine.networks import BranchModule, Gate, Network
from search_engine.spec.declared import Whole
from search_engine.spec.errors import CheckpointError
from search_engine.transforms import gate_opening, remove_gates

Parts = dict[str, tuple[Whole, ...] | None]
"""The gates by name, such as `blocks.b.cell.root.branches.0.gate`, each with its `part`."""


class Gates:
    """Opens all gates of a network together, and removes them when they are open.

    Args:
        network: on the device where it will be trained.
        annealing: share of the training during which the gates open.
    """

    def __init__(self, network: Network, annealing: float) -> None:
        self._network = network
        self._annealing = annealing
        self._count = 0
        self._opening = torch.zeros(())
        self._share()

    def open(self, progress: float) -> bool:
        """Open the gates as far as is due.

        Args:
            progress: share of the training that is done, 0 to 1.

        Returns:
            Whether they were removed just now: the network consists of other modules from here on.
        """
        if not self._count:
            return False
        opening = gate_opening(progress, self._annealing)
        if opening < 1.0:
            self._opening.fill_(opening)
            return False
        remove_gates(self._network)
        self._count = 0
        return True

    def parts(self) -> Parts:
        """The gates' places, for `restore`. How far they are open follows from the progress."""
        return {
            name: module.part
            for name, module in self._network.named_modules()
            if isinstance(module, Gate)
        }

    def restore(self, parts: Parts) -> None:
        """Put gates in these places and remove all others.

        Raises:
            CheckpointError: the network has no such place, or a part is malformed.
        """
        found = {name: _gate(self._network, name, part) for name, part in parts.items()}
        remove_gates(self._network)
        for name, gate in found.items():
            path, _, place = name.rpartition(".")
            setattr(self._network.get_submodule(path), place, gate)
        self._share()

    def _share(self) -> None:
        """Let all gates read one tensor, so that one kernel a step opens them all."""
        gates = self._network.gates()
        self._count = len(gates)
        self._opening = torch.zeros((), device=next(self._network.parameters()).device)
        for gate in gates:
            gate.opening = self._opening


def _gate(network: Network, name: str, part: tuple[int, ...] | None) -> Gate:
    path, _, place = name.rpartition(".")
    try:
        branch = network.get_submodule(path)
    except AttributeError:
        branch = None
    if not isinstance(branch, BranchModule) or place not in ("gate", "norm_gate"):
        raise CheckpointError("training state", f"the network has no place for a gate {name!r}")
    if part is None:
        return Gate()
    match part:
        case [first, last] if 0 <= first < last <= branch.shape.in_channels:
            return Gate((first, last))
    raise CheckpointError("training state", f"{name}: expected two channels, got {part!r}")
