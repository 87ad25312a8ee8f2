"""Adopting a network: its outline, and the start network that is made of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from search_engine.architecture import AdoptedConfig, Architecture, ImageShape, Outline, Source
from search_engine.errors import CheckpointError, InvalidConfig
from search_engine.networks.adopted.exported_archive import Archive
from search_engine.networks.adopted.exported_graph import translate
from search_engine.networks.adopted.looking import look
from search_engine.networks.adopted.network import AdoptedNetwork
from search_engine.networks.adopted.program import Program
from search_engine.networks.adopted.program_module import ProgramModule
from search_engine.networks.adopted.torchvision_nets import (
    State,
    empty_torchvision,
    fold_stem,
    own_names,
)
from search_engine.networks.adopted.weights import read_state
from search_engine.networks.initialise import initialise

_SIDES = (8, 16, 24, 28, 32, 48, 64, 75, 96, 128, 160, 192, 224, 299)
"""Sides of square images, in pixels, among which an image that is refused finds its advice."""

_UNFIT = (RuntimeError, ValueError, AssertionError, InvalidConfig)


def outline_torchvision(model: str, image: ImageShape, classes: int = 10) -> Outline:
    """The outline of a torchvision classifier.

    Args:
        model: torchvision's name of it, one of `TORCHVISION_MODELS`.
        image: shape of its input.
        classes: how many it shall tell apart.

    Raises:
        InvalidConfig: there is no such classifier, or it cannot take such images.
    """
    with _advice(model, image, classes):
        seen = look(empty_torchvision(model, image, classes), image, classes)
    return Outline(
        source=Source.TORCHVISION,
        model=model,
        image=image,
        classes=classes,
        cost=seen.cost,
        head=seen.head,
        layers=seen.layers,
    )


def outline_exported(path: Path, classes: int | None = None) -> Outline:
    """The outline of a program that `torch.export.save` wrote. Nothing in it is unpickled or run.

    Args:
        path: of the `.pt2` file.
        classes: how many it shall tell apart; as many as it does where None.

    Raises:
        CheckpointError: the file is none, or damaged.
        InvalidConfig: the program computes what is not allowed, or cannot take more than one image.
    """
    program, image = translate(Archive(path).graph())
    with torch.device("meta"):
        module = ProgramModule(program)
    own = _logits(module, image, path)
    seen = look(module, image, own)
    if classes is not None and classes != own:
        with torch.device("meta"):
            module = ProgramModule(program, {seen.head.name: classes})
        seen = look(module, image, classes)
    return Outline(
        source=Source.EXPORTED,
        model=path.stem,
        image=image,
        classes=own if classes is None else classes,
        cost=seen.cost,
        head=seen.head,
        layers=seen.layers,
        program=program.to_text(),
    )


def adopt(config: AdoptedConfig, *, weights: Path | None = None, seed: int = 0) -> AdoptedNetwork:
    """The start network: the adopted network as it was, each chosen convolution a start cell.

    Args:
        config: which network, and where the cells stand.
        weights: its weights by its own names: safetensors, or torch's format with tensors only; of
            an exported program also the `.pt2` itself. Of torchvision's networks fresh ones by
            torchvision's own rules where None.
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
            network.take(_fitted(state, network, config))
        except CheckpointError as error:
            raise CheckpointError(str(weights), f"not of this {config.model}: {error}") from None
    return network


def _read(path: Path, network: AdoptedNetwork, config: AdoptedConfig) -> State:
    """The file's tensors by the names that the network has."""
    state = Archive(path).tensors() if path.suffix == ".pt2" else read_state(path)
    if config.source is Source.TORCHVISION:
        state = own_names(state)
        stem = f"{network.stem}.weight"
        if stem in state and state[stem].ndim == 4:
            state[stem] = fold_stem(state[stem], config.image.channels)
        return state
    renamed = Program.from_text(config.program).renamed
    named = {own: renamed.get(own, own) for own in network.own_names()}
    return {own: state[name] for own, name in named.items() if name in state}


def _fitted(state: State, network: AdoptedNetwork, config: AdoptedConfig) -> State:
    """The state for this number of classes: with the network's own last layer where it differs."""
    head = config.head.name
    if len(state.get(f"{head}.weight", ())) == config.classes:
        return state
    fresh = network.outer.get_submodule(head).state_dict()
    return state | {f"{head}.{name}": tensor for name, tensor in fresh.items()}


@torch.no_grad()
def _logits(module: ProgramModule, image: ImageShape, path: Path) -> int:
    """How many logits a program gives, for any number of images."""
    widths = []
    for count in (2, 3):
        images = torch.zeros(count, image.channels, image.height, image.width, device="meta")
        try:
            logits = module.eval()(images)
        except (RuntimeError, ValueError, TypeError, IndexError) as error:
            reason = " ".join(str(error).split())[:200]
            raise InvalidConfig(
                "program",
                f"{path.name} does not run on {count} images of {image.height} x {image.width}"
                f" pixels, exported as it is ({reason}); export it with a dynamic batch:"
                ' `dynamic_shapes=({0: torch.export.Dim("batch")},)`',
            ) from None
        if not isinstance(logits, torch.Tensor) or logits.ndim != 2 or len(logits) != count:
            raise InvalidConfig("program", f"{path.name} gives no logits of shape (N, classes)")
        widths.append(logits.shape[1])
    return widths[0]


@contextmanager
def _advice(model: str, image: ImageShape, classes: int) -> Iterator[None]:
    """Say which images would do, where the network cannot take these."""
    try:
        yield
    except _UNFIT as error:
        if isinstance(error, InvalidConfig) and error.field == "model":
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
        look(empty_torchvision(model, square, classes), square, classes)
    except _UNFIT:
        return False
    return True
