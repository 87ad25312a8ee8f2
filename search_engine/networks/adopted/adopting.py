"""Adopting a network: its outline, and the start network that is made of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import torch

from search_engine.networks.adopted.exported_graph import translate
from search_engine.networks.adopted.inspection import inspect_module
from search_engine.networks.adopted.network import AdoptedNetwork
from search_engine.networks.adopted.onnx_file import read_onnx
from search_engine.networks.adopted.program import Program
from search_engine.networks.adopted.program_module import ProgramModule
from search_engine.networks.adopted.timm_nets import export_timm
from search_engine.networks.adopted.torchvision_nets import (
    State,
    empty_torchvision,
    fold_stem,
    own_names,
)
from search_engine.networks.adopted.weight_files import Archive, read_state
from search_engine.networks.network import initialise
from search_engine.spec import AdoptedConfig, Architecture, ImageShape, Outline, Source
from search_engine.spec.errors import CheckpointError, InvalidConfig

_SIDES = (8, 16, 24, 28, 32, 48, 64, 75, 96, 128, 160, 192, 224, 299)
"""Sides of square images, in pixels, among which an image that is refused finds its advice."""

_UNFIT = (RuntimeError, ValueError, AssertionError, InvalidConfig)


def outline_torchvision(model: str, image: ImageShape, classes: int = 10) -> Outline:
    """The outline of a torchvision classifier.

    Args:
        model: torchvision's name of it, one of `TORCHVISION_MODELS`.

    Raises:
        InvalidConfig: there is no such classifier, or it cannot take such images.
    """
    with _advice(model, image, classes):
        seen = inspect_module(empty_torchvision(model, image, classes), image, classes)
    return Outline(
        source=Source.TORCHVISION,
        model=model,
        image=image,
        classes=classes,
        cost=seen.cost,
        head=seen.head,
        layers=seen.layers,
        inner=seen.inner,
        convs=seen.convs,
    )


def outline_exported(path: Path, classes: int | None = None) -> Outline:
    """The outline of a program that `torch.export.save` wrote. Nothing in it is unpickled or run.

    Args:
        classes: how many it shall tell apart; as many as it does where None.

    Raises:
        CheckpointError: the file is none, or damaged.
        InvalidConfig: the program computes what is not allowed, or cannot take more than one image.
    """
    program, image = translate(Archive(path).graph())
    return _outline_program(program, image, classes, path.stem)


def outline_onnx(path: Path, classes: int | None = None) -> Outline:
    """The outline of an ONNX file. Nothing in it is run.

    Args:
        classes: as for `outline_exported`.

    Raises:
        CheckpointError: the file is none, or damaged.
        InvalidConfig: it computes what is not allowed, or cannot take more than one image.
    """
    program, image, _ = read_onnx(path)
    return _outline_program(program, image, classes, path.stem)


def outline_timm(model: str, image: ImageShape, classes: int, path: Path) -> Outline:
    """The outline of a timm classifier, which becomes an exported program.

    Args:
        model: timm's name of it; what comes after a dot says which weights are meant.
        path: of the program that is written, with fresh weights.

    Raises:
        InvalidConfig: timm is not installed, there is no such network, or it cannot be exported or
            cannot take such images.
    """
    export_timm(model, image, classes, path)
    return replace(outline_exported(path), model=model)


def _outline_program(
    program: Program, image: ImageShape, classes: int | None, name: str
) -> Outline:
    with torch.device("meta"):
        module = ProgramModule(program)
    own = _logits(module, image, name)
    seen = inspect_module(module, image, own)
    if classes is not None and classes != own:
        with torch.device("meta"):
            module = ProgramModule(program, {seen.head.name: classes})
        seen = inspect_module(module, image, classes)
    return Outline(
        source=Source.EXPORTED,
        model=name,
        image=image,
        classes=own if classes is None else classes,
        cost=seen.cost,
        head=seen.head,
        layers=seen.layers,
        program=program.to_text(),
        inner=seen.inner,
        convs=seen.convs,
    )


def adopt(config: AdoptedConfig, *, weights: Path | None = None, seed: int = 0) -> AdoptedNetwork:
    """The start network: the adopted network as it was, each chosen convolution a start cell.

    Args:
        config: which network, and where the cells stand.
        weights: its weights by its own names: safetensors, or torch's format with tensors only; of
            an exported program also the `.pt2` or `.onnx` itself. Of torchvision's networks fresh
            ones by torchvision's own rules where None.
        seed: of fresh weights; of the last layer's where the file is for other classes.

    Returns:
        The network on the CPU, in float32 and training mode.

    Raises:
        InvalidConfig: the network is not what the config says, or has no fresh weights.
        CheckpointError: the weights are damaged, or not this network's.
    """
    with torch.device("meta"):
        empty = AdoptedNetwork(Architecture.start(config))
    network = empty.to_empty(device="cpu")
    generator = torch.Generator().manual_seed(seed)
    if config.source is Source.TORCHVISION or weights is None:
        network.draw_weights(generator)
    else:
        initialise(network.outer.get_submodule(config.head.name), generator)
    if weights is not None:
        state = _read(weights, network, config)
        try:
            network.load_original(_fitted(state, network, config))
        except CheckpointError as error:
            raise CheckpointError(str(weights), f"not of this {config.model}: {error}") from None
    return network


def _read(path: Path, network: AdoptedNetwork, config: AdoptedConfig) -> State:
    """The file's tensors by the names that the network has."""
    state = _tensors(path)
    if config.source is Source.TORCHVISION:
        return _folded(own_names(state), network, config)
    renamed = Program.from_text(config.program).renamed
    named = {own: renamed.get(own, own) for own in network.original_tensors()}
    found = {own: state[name] for own, name in named.items() if name in state}
    return _folded(found, network, config)


def _tensors(path: Path) -> State:
    match path.suffix:
        case ".pt2":
            return Archive(path).tensors()
        case ".onnx":
            return read_onnx(path)[2]
    return read_state(path)


def _folded(state: State, network: AdoptedNetwork, config: AdoptedConfig) -> State:
    """The state with a stem for images of this number of channels."""
    stem = f"{network.stem}.weight"
    if stem in state and state[stem].ndim == 4:
        return state | {stem: fold_stem(state[stem], config.image.channels)}
    return state


def _fitted(state: State, network: AdoptedNetwork, config: AdoptedConfig) -> State:
    """The state for this number of classes: with the network's own last layer where it differs."""
    head = config.head.name
    if len(state.get(f"{head}.weight", ())) == config.classes:
        return state
    fresh = network.outer.get_submodule(head).state_dict()
    return state | {f"{head}.{name}": tensor for name, tensor in fresh.items()}


@torch.no_grad()
def _logits(module: ProgramModule, image: ImageShape, name: str) -> int:
    """Number of logits of a program; raises unless it takes any number of images."""
    widths = []
    for count in (2, 3):
        images = torch.zeros(count, image.channels, image.height, image.width, device="meta")
        try:
            logits = module.eval()(images)
        except (RuntimeError, ValueError, TypeError, IndexError) as error:
            reason = " ".join(str(error).split())[:200]
            raise InvalidConfig(
                "program",
                f"{name} does not run on {count} images of {image.height} x {image.width}"
                f" pixels, exported as it is ({reason}); export it with a dynamic batch:"
                ' `dynamic_shapes=({0: torch.export.Dim("batch")},)`',
            ) from None
        if not isinstance(logits, torch.Tensor) or logits.ndim != 2 or len(logits) != count:
            raise InvalidConfig("program", f"{name} gives no logits of shape (N, classes)")
        widths.append(logits.shape[1])
    return widths[0]


@contextmanager
def _advice(model: str, image: ImageShape, classes: int) -> Iterator[None]:
    """Say which images would do, where the network cannot take these."""
    try:
        yield
    except _UNFIT as error:
        if isinstance(error, InvalidConfig) and error.field.endswith("model"):
            raise
        size = f"{image.height} x {image.width}"
        side = next((side for side in _SIDES if _takes(model, side, image, classes)), None)
        advice = f"; {side} x {side} would do" if side else ""
        raise InvalidConfig(
            "image", f"{model} cannot take images of {size} pixels{advice}"
        ) from None


def _takes(model: str, side: int, image: ImageShape, classes: int) -> bool:
    square = ImageShape(image.channels, side, side)
    try:
        inspect_module(empty_torchvision(model, square, classes), square, classes)
    except _UNFIT:
        return False
    return True
