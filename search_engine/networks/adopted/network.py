"""A network that was not built here, with cells in place of some of its own convolutions."""

import copy
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from search_engine.architecture import AdoptedConfig, Architecture, Site, Source
from search_engine.errors import CheckpointError, InvalidConfig
from search_engine.networks.adopted.looking import why_no_site
from search_engine.networks.adopted.program import Program
from search_engine.networks.adopted.program_module import ProgramModule
from search_engine.networks.adopted.torchvision_nets import (
    empty_torchvision,
    fresh_torchvision,
    stem_of,
)
from search_engine.networks.initialise import initialise
from search_engine.networks.network import Network
from search_engine.networks.tree import CellModule

_START = "root.branches.0.operation.conv"
"""Where a start cell keeps the convolution that the network had."""


class AdoptedNetwork(Network):
    """A torchvision classifier, or an exported program, with a cell at each chosen site.

    Args:
        architecture: its skeleton is an `AdoptedConfig`.

    Raises:
        InvalidConfig: there is no such network, or a site in it is not what the config says.
    """

    def __init__(self, architecture: Architecture) -> None:
        super().__init__(architecture)
        skeleton = cast(AdoptedConfig, architecture.skeleton)
        self.outer = _empty_outer(skeleton)
        self.stem = stem_of(self.outer)
        _leave_inputs(self.outer)
        for site, block in zip(skeleton.chosen, skeleton.layout(), strict=True):
            _check(self.outer, site)
            _put(self.outer, site.name, self.make_cell(block))

    def forward(self, images: Tensor) -> Tensor:
        # An export is for any number of images, and it may not depend on it.
        if not torch.compiler.is_exporting() and images.shape[0] == 1:
            with _kept_statistics(self):
                return self.outer(images)
        return self.outer(images)

    def cells(self) -> Mapping[str, CellModule]:
        chosen = cast(AdoptedConfig, self.architecture.skeleton).chosen
        return {s.name: cast(CellModule, self.outer.get_submodule(s.name)) for s in chosen}

    def draw_weights(self, generator: torch.Generator) -> None:
        skeleton = cast(AdoptedConfig, self.architecture.skeleton)
        if skeleton.source is Source.EXPORTED:
            raise InvalidConfig(
                "skeleton",
                f"{skeleton.model} was exported with its weights and has no fresh ones: start from"
                " a checkpoint of it",
            )
        seed = int(torch.randint(2**62, (), generator=generator))
        fresh = fresh_torchvision(skeleton.model, skeleton.image, skeleton.classes, seed)
        for cell in self.cells().values():
            initialise(cell, generator)
        self.take(fresh)

    @torch.no_grad()
    def take(self, state: Mapping[str, Tensor]) -> None:
        """Take the weights of the network as it was: a start cell gets its own convolution's.

        Args:
            state: by the names that the network itself gives; on any device, of any type.

        Raises:
            CheckpointError: a tensor is missing or of another shape, or one is left over.
        """
        left = dict(state)
        for own, target in self.own_names().items():
            tensor = left.pop(own, None)
            if tensor is None and own.endswith("num_batches_tracked"):
                target.zero_()
            elif tensor is None or tensor.shape != target.shape:
                got = "none" if tensor is None else str(tuple(tensor.shape))
                expected = tuple(target.shape)
                raise CheckpointError(own, f"expected it of shape {expected}, got {got}")
            else:
                target.copy_(tensor)
        self._forget_replaced(left)
        if left:
            raise CheckpointError("weights", f"expected no tensor {min(left)[:100]!r}")

    def for_classes(self, classes: int, seed: int) -> "AdoptedNetwork":
        """A copy that tells apart so many classes: the last layer is drawn anew where they differ.

        Args:
            classes: how many.
            seed: of the new layer's weights.
        """
        skeleton = cast(AdoptedConfig, self.architecture.skeleton)
        if skeleton.classes == classes:
            return copy.deepcopy(self)
        wanted = replace(skeleton, classes=classes)
        with torch.device("meta"):
            empty = AdoptedNetwork(Architecture(wanted, self.architecture.cell))
        made = empty.to_empty(device=next(self.parameters()).device)
        initialise(
            made.outer.get_submodule(skeleton.head.name), torch.Generator().manual_seed(seed)
        )
        head = f"outer.{skeleton.head.name}."
        kept = {n: t for n, t in self.state_dict().items() if not n.startswith(head)}
        new = {n: t for n, t in made.state_dict().items() if n.startswith(head)}
        made.load_state_dict(kept | new)
        return made.train(self.training)

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> Any:
        # Files carry no version numbers, without which torchvision's MNASNet loads nothing.
        versioned: OrderedDict[str, Any] = OrderedDict(state_dict)
        versioned._metadata = self.state_dict()._metadata  # type: ignore[attr-defined]
        return super().load_state_dict(versioned, strict, assign)

    def own_names(self) -> dict[str, Tensor]:
        """Each tensor by the name that it had before there were cells; grown cells have none."""
        started = self.architecture.cell == self.architecture.skeleton.start_cell
        cells = tuple(self.cells())
        found = {}
        for name, tensor in self.outer.state_dict().items():
            site = next((cell for cell in cells if name.startswith(f"{cell}.{_START}.")), None)
            if site is not None and started:
                found[name.replace(f".{_START}.", ".")] = tensor
            elif not name.startswith(tuple(f"{cell}.root." for cell in cells)):
                found[name] = tensor
        return found

    def _forget_replaced(self, left: dict[str, Tensor]) -> None:
        """Drop the convolutions whose place a grown cell has taken."""
        for site in self.cells():
            left.pop(f"{site}.weight", None)
            left.pop(f"{site}.bias", None)


def _empty_outer(skeleton: AdoptedConfig) -> nn.Module:
    if skeleton.source is Source.EXPORTED:
        program = Program.from_text(skeleton.program)
        return ProgramModule(program, {skeleton.head.name: skeleton.classes}).to("meta")
    return empty_torchvision(skeleton.model, skeleton.image, skeleton.classes)


def _leave_inputs(outer: nn.Module) -> None:
    """Let no module write into its input: it may be what an operation of a cell remembers."""
    for module in outer.modules():
        if getattr(module, "inplace", False):
            module.inplace = False  # type: ignore[assignment]


def _check(outer: nn.Module, site: Site) -> None:
    try:
        conv = outer.get_submodule(site.name)
    except AttributeError:
        raise InvalidConfig("sites", f"the network has no layer {site.name!r}") from None
    if reason := why_no_site(conv):
        raise InvalidConfig("sites", f"{site.name} is no site: {reason}")
    assert isinstance(conv, nn.Conv2d)
    bias = conv.bias is not None
    found = (conv.in_channels, conv.out_channels, conv.stride[0], conv.groups, bias)
    said = (site.in_channels, site.out_channels, site.stride, site.groups, site.bias)
    if found != said:
        raise InvalidConfig(
            "sites",
            f"{site.name}: expected channels in and out, stride, groups and bias {found},"
            f" got {said}",
        )


def _put(outer: nn.Module, name: str, cell: CellModule) -> None:
    path, _, leaf = name.rpartition(".")
    setattr(outer.get_submodule(path), leaf, cell)


@contextmanager
def _kept_statistics(network: nn.Module) -> Iterator[None]:
    """Let batch norms use the statistics that they keep: one image has none where maps are 1 x 1.

    Small images shrink to that in many networks, and an epoch's last batch may be one image.
    """
    norms = [m for m in network.modules() if isinstance(m, _BatchNorm) and m.training]
    for norm in norms:
        norm.train(False)
    try:
        yield
    finally:
        for norm in norms:
            norm.train()
