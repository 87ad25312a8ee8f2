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

from search_engine.networks.adopted.inspection import why_no_site
from search_engine.networks.adopted.program import Program
from search_engine.networks.adopted.program_module import ProgramModule
from search_engine.networks.adopted.torchvision_nets import (
    empty_torchvision,
    fresh_torchvision,
    stem_of,
)
from search_engine.networks.layers import extra_layer
from search_engine.networks.network import HiddenModules, Network, Reader, initialise
from search_engine.networks.tree import BranchModule, CellModule
from search_engine.spec import AdoptedConfig, Architecture, Site, Source
from search_engine.spec.errors import CheckpointError, InvalidConfig
from search_engine.spec.skeletons.inner import OuterConv, Widths

_START = "root.branches.0.operation.conv"
"""Path in a start cell of the convolution that the network had there."""


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
        _forbid_inplace(self.outer)
        for site, block in zip(skeleton.chosen, skeleton.layout(), strict=True):
            _check_site(self.outer, site)
            self.outer.set_submodule(site.name, self.make_cell(block))
        _set_widths(self.outer, skeleton)
        for layer in skeleton.hidden_layers().values():
            for _ in range(layer.extra):
                self.add_layer(layer.name, extra_layer(layer, skeleton.order))

    def forward(self, images: Tensor) -> Tensor:
        # An export is for any number of images, and it may not depend on it.
        if not torch.compiler.is_exporting() and images.shape[0] == 1:
            with _frozen_batch_norms(self):
                return self.outer(images)
        return self.outer(images)

    def cells(self) -> Mapping[str, CellModule]:
        chosen = cast(AdoptedConfig, self.architecture.skeleton).chosen
        return {site.name: cast(CellModule, self.layer(site.name)) for site in chosen}

    @property
    def last_layer(self) -> str:
        return f"outer.{cast(AdoptedConfig, self.architecture.skeleton).head.name}"

    def layer(self, name: str) -> nn.Module:
        """A layer by the name that it had, also where `Deepen` has added others after it."""
        found = self.outer.get_submodule(name)
        return found[0] if isinstance(found, nn.Sequential) else found

    @property
    def deepened(self) -> tuple[str, ...]:
        """The layers in whose place a `Sequential` stands: `Deepen` has added others after them."""
        inner = cast(AdoptedConfig, self.architecture.skeleton).inner
        names = (layer.name for layer in inner)
        return tuple(n for n in names if isinstance(self.outer.get_submodule(n), nn.Sequential))

    def hidden_modules(self, layer: str) -> HiddenModules:
        skeleton = cast(AdoptedConfig, self.architecture.skeleton)
        (found,) = (inner for inner in skeleton.inner if inner.name == layer)
        place = self.outer.get_submodule(layer)
        return HiddenModules(
            writers=[self.layer(name) for name in found.writers],
            carriers=[self.layer(name) for name in found.carriers],
            extra=nn.Sequential(*list(place)[1:])
            if isinstance(place, nn.Sequential)
            else nn.Sequential(),
            readers=[Reader(self.layer(name)) for name in found.readers],
        )

    def add_layer(self, hidden: str, made: BranchModule) -> None:
        place = self.outer.get_submodule(hidden)
        layers = [*place] if isinstance(place, nn.Sequential) else [place]
        self.outer.set_submodule(hidden, nn.Sequential(*layers, made))

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
        own = self.original_tensors()
        resized = [n for n, t in fresh.items() if n in own and own[n].shape != t.shape]
        for name in dict.fromkeys(name.rpartition(".")[0] for name in resized):
            initialise(self.layer(name), generator)
        for name in self.deepened:
            initialise(self.hidden_modules(name).extra, generator)
        self.load_original(fresh | {name: own[name] for name in resized})

    @torch.no_grad()
    def load_original(self, state: Mapping[str, Tensor]) -> None:
        """Load the weights of the network without cells, a start cell those of its convolution.

        Args:
            state: by the names that the network itself gives; on any device, of any type.

        Raises:
            CheckpointError: a tensor is missing or of another shape, or one is left over.
        """
        left = dict(state)
        for own, target in self.original_tensors().items():
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
        """A copy for another number of classes, with a new last layer where the number differs."""
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

    def original_tensors(self) -> dict[str, Tensor]:
        """The tensors by the names that they had before there were cells; grown cells have none."""
        started = self.architecture.cell == self.architecture.skeleton.start_cell
        cells = tuple(self.cells())
        found = {}
        for name, tensor in self._own_tensors():
            site = next((cell for cell in cells if name.startswith(f"{cell}.{_START}.")), None)
            if site is not None and started:
                found[name.replace(f".{_START}.", ".")] = tensor
            elif not name.startswith(tuple(f"{cell}.root." for cell in cells)):
                found[name] = tensor
        return found

    def _own_tensors(self) -> Iterator[tuple[str, Tensor]]:
        """All tensors but those that `Deepen` has brought, by the names that they had before."""
        deepened = self.deepened
        for name, tensor in self.outer.state_dict().items():
            layer = next((layer for layer in deepened if name.startswith(f"{layer}.")), None)
            if layer is None:
                yield name, tensor
            elif name.startswith(f"{layer}.0."):
                yield f"{layer}.{name.removeprefix(f'{layer}.0.')}", tensor

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


def _forbid_inplace(outer: nn.Module) -> None:
    """Let no module write into its input: an operation of a cell may need it for its gradient."""
    for module in outer.modules():
        if getattr(module, "inplace", False):
            module.inplace = False  # type: ignore[assignment]


def _check_site(outer: nn.Module, site: Site) -> None:
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


def _set_widths(outer: nn.Module, skeleton: AdoptedConfig) -> None:
    """Give the layers around inner layers the widths that those have now.

    Raises:
        InvalidConfig: the network has no such layers.
    """
    widths, facts = skeleton.current_widths, {conv.name: conv for conv in skeleton.convs}
    before = Widths(skeleton.inner, {}).out
    for name in {**widths.out, **widths.into}:
        match _found(outer, name):
            case nn.Conv2d() as conv if name in facts:
                _check_conv(conv, facts[name])
                into, out = widths.of(name, conv.in_channels, conv.out_channels)
                made = _resized(conv, into, out, widths.groups(name, conv.groups))
                outer.set_submodule(name, made)
            case nn.BatchNorm2d(affine=True) as norm if norm.num_features == before.get(name):
                outer.set_submodule(name, _resized_norm(norm, widths.out[name]))
            case CellModule():
                continue
            case _:
                raise InvalidConfig("inner", f"{name} is no layer with such channels")


def _found(outer: nn.Module, name: str) -> nn.Module | None:
    try:
        return outer.get_submodule(name)
    except AttributeError:
        return None


def _check_conv(conv: nn.Conv2d, facts: OuterConv) -> None:
    found = (conv.in_channels, conv.out_channels, conv.groups, conv.bias is not None)
    said = (facts.in_channels, facts.out_channels, facts.groups, facts.bias)
    if found != said:
        raise InvalidConfig(
            "convs",
            f"{facts.name}: expected channels in and out, groups and bias {found}, got {said}",
        )


def _resized(conv: nn.Conv2d, into: int, out: int, groups: int) -> nn.Conv2d:
    """An empty convolution of other widths."""
    return nn.Conv2d(
        into,
        out,
        conv.kernel_size,  # type: ignore[arg-type]
        conv.stride,  # type: ignore[arg-type]
        conv.padding,  # type: ignore[arg-type]
        conv.dilation,  # type: ignore[arg-type]
        groups,
        bias=conv.bias is not None,
        padding_mode=conv.padding_mode,
        device=conv.weight.device,
    )


def _resized_norm(norm: nn.BatchNorm2d, channels: int) -> nn.BatchNorm2d:
    """An empty batch norm of another width."""
    return nn.BatchNorm2d(channels, norm.eps, norm.momentum, device=norm.weight.device)


@contextmanager
def _frozen_batch_norms(network: nn.Module) -> Iterator[None]:
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
