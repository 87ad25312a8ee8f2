"""Options for a network of one's own: torchvision's by name, or an exported program."""

import argparse
from fnmatch import fnmatchcase
from pathlib import Path

from search_engine.architecture import FAMILIES, AdoptedConfig, ImageShape, Outline
from search_engine.errors import InvalidConfig

_TORCHVISION, _EXPORTED = "torchvision:", "exported:"


def add_adopted_options(parser: argparse.ArgumentParser, *, default: str | None) -> None:
    """Add `--network` and `--sites`.

    Args:
        parser: to add to.
        default: family of the network where none is given.
    """
    parser.add_argument(
        "--network",
        type=_network,
        default=default,
        metavar="NETWORK",
        help=f"{', '.join(FAMILIES)}, torchvision:NAME, or exported:FILE.pt2",
    )
    parser.add_argument(
        "--sites",
        metavar="PATTERNS",
        help="where the cell stands in a torchvision or exported network: names such as"
        " 'layer1.*,layer2.0.conv2'; a sensible choice by default",
    )


def is_adopted(network: str) -> bool:
    """Whether the option names a network that was not built here."""
    return network.startswith((_TORCHVISION, _EXPORTED))


def exported_file(network: str) -> Path | None:
    """The file of an exported program; None for other networks."""
    return Path(network.removeprefix(_EXPORTED)) if network.startswith(_EXPORTED) else None


def read_adopted(
    arguments: argparse.Namespace, image: ImageShape | None, classes: int | None
) -> tuple[AdoptedConfig, Outline]:
    """The network that the options name, with the cell at its sites, and its outline.

    Args:
        arguments: with the options of `add_adopted_options`.
        image: shape of its input; what torchvision's networks are made for where None. An exported
            program has its own.
        classes: how many it tells apart; torchvision's 1,000, or the program's, where None.

    Raises:
        SearchEngineError: there is no such network, or it has no such sites.
    """
    # Only who adopts a network waits for torch.
    from search_engine.networks.adopted import outline_exported, outline_torchvision

    network: str = arguments.network
    file = exported_file(network)
    if file is not None:
        outline = outline_exported(file, classes)
        if image is not None and image != outline.image:
            raise InvalidConfig("image", f"{file.name} takes {outline.image}, got {image}")
    else:
        model = network.removeprefix(_TORCHVISION)
        image = ImageShape(3, 224, 224) if image is None else image
        outline = outline_torchvision(model, image, 1000 if classes is None else classes)
    sites = None if arguments.sites is None else _matching(arguments.sites, outline)
    return outline.config(sites), outline


def _matching(patterns: str, outline: Outline) -> list[str]:
    """Names of the sites that fit one of the patterns."""
    names: list[str] = []
    for pattern in patterns.split(","):
        found = [s.name for s in outline.sites if fnmatchcase(s.name, pattern.strip())]
        if not found:
            raise InvalidConfig(
                "--sites",
                f"{outline.model} has no site {pattern.strip()[:60]!r}; `show` lists its sites",
            )
        names += found
    return names


def _network(text: str) -> str:
    if text in FAMILIES or is_adopted(text):
        return text
    expected = f"{', '.join(FAMILIES)}, {_TORCHVISION}NAME or {_EXPORTED}FILE"
    raise argparse.ArgumentTypeError(f"expected one of {expected}, got {text[:60]!r}")
