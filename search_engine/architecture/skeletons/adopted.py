"""Adopted networks: one that was not built here, with a cell in place of its own convolutions.

The config says which network it is and holds the facts of the chosen sites, so that it is drawn,
checked and counted without torch; `search_engine.networks.adopted` finds those facts and builds it.
"""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Self

from search_engine.architecture.cell import Cell
from search_engine.architecture.cost import Cost
from search_engine.architecture.documents import Document, Reader
from search_engine.architecture.operations import Order
from search_engine.architecture.skeletons.base import SkeletonConfig, check_range
from search_engine.architecture.skeletons.blocks import Block, ImageShape
from search_engine.architecture.skeletons.sites import (
    MAX_NAME,
    Classifier,
    Site,
    check_together,
    common_groups,
    sites_start_cell,
)
from search_engine.errors import InvalidConfig

MAX_PROGRAM_BYTES = 180_000
"""As it stands in JSON: a checkpoint's description holds it, and is limited itself."""


class Source(StrEnum):
    """Where a network comes from: torchvision, or a program that torch.export wrote."""

    TORCHVISION = "torchvision"
    EXPORTED = "exported"


@dataclass(frozen=True, kw_only=True)
class AdoptedConfig(SkeletonConfig):
    """A network that was not built here, with the cell at chosen sites.

    The start cell's edge is the network's own convolution: no batch norm and no ReLU of ours, which
    the network has around it already. `groups` follows from the sites. The sizes belong to `image`:
    for another image take the config from another `Outline`.

    Args:
        source: where the network comes from.
        model: torchvision's name of it, or what an exported program is called.
        chosen: the sites where the cell stands, in the order in which data flows.
        head: its last layer.
        rest: cost of everything but the chosen sites and the last layer.
        program: what an exported network computes, as compact JSON; empty for torchvision.
    """

    family: ClassVar[str] = "adopted"
    size_divisor: ClassVar[int] = 1
    max_groups: ClassVar[int] = 65_536
    fixed_because: ClassVar[str] = (
        "the network's own layers stay as they are: only the cells of an adopted network change"
    )

    source: Source
    model: str
    chosen: tuple[Site, ...]
    head: Classifier
    rest: Cost
    program: str = ""

    def __post_init__(self) -> None:
        check_together(self.chosen)
        object.__setattr__(self, "groups", common_groups(self.chosen))
        super().__post_init__()

    @property
    def start_cell(self) -> Cell:
        return sites_start_cell(self.chosen)

    @property
    def has_fresh_weights(self) -> bool:
        return self.source is Source.TORCHVISION

    @property
    def starts_exactly(self) -> bool:
        # What leaves the network's own convolution is negative as often as not: a ReLU cuts it.
        return False

    @property
    def stem_channels(self) -> int:
        return self.chosen[0].in_channels

    def layout(self) -> tuple[Block, ...]:
        blocks: list[Block] = []
        for site in self.chosen:
            stage = blocks[-1].stage if blocks else 1
            if blocks and blocks[-1].size != site.size:
                stage += 1
            into, out = site.in_channels, site.out_channels
            blocks.append(Block(site.name, stage, into, out, site.shape, site.size, own=site.own))
        return tuple(blocks)

    def to_json(self) -> Document:
        return {
            "family": self.family,
            "source": self.source.value,
            "model": self.model,
            "image": [self.image.channels, self.image.height, self.image.width],
            "classes": self.classes,
            "groups": self.groups,
            "order": self.order.value,
            "drop_path": self.drop_path,
            "widths": {},
            "extra_layers": {},
            "sites": [site.to_json() for site in self.chosen],
            "head": self.head.to_json(),
            "rest": cost_to_json(self.rest),
            "program": self.program,
        }

    @classmethod
    def read(cls, reader: Reader) -> Self:
        config = cls(
            source=reader.choice("source", Source),
            model=reader.string("model"),
            image=read_image(reader, "image"),
            classes=reader.integer("classes"),
            order=reader.choice("order", Order),
            drop_path=reader.number("drop_path"),
            widths=tuple(reader.counts("widths").items()),
            extra_layers=tuple(reader.counts("extra_layers").items()),
            chosen=tuple(
                Site.from_json(site, f"{reader.place}.sites[{index}]")
                for index, site in enumerate(reader.sequence("sites"))
            ),
            head=Classifier.from_json(reader.take("head"), f"{reader.place}.head"),
            rest=cost_from_json(reader.take("rest"), f"{reader.place}.rest"),
            program=reader.string("program"),
        )
        if (groups := reader.integer("groups")) != config.groups:
            reader.fail(
                f"{reader.place}.groups",
                f"expected {config.groups}, which the sites have in common, got {groups}",
            )
        reader.done()
        return config

    def _check_settings(self) -> None:
        check_model(self.source, self.model, self.program)
        height, width = self.image.height, self.image.width
        for site in self.chosen:
            if site.size[0] > height or site.size[1] > width:
                raise InvalidConfig(
                    "image",
                    f"the sites' sizes are of another image: {site.name} has {site.size}, the image"
                    f" {(height, width)}",
                )

    def _outer_cost(self) -> Cost:
        return self.rest + self.head.cost(self.classes)

    def _block_cost(self, block: Block, cell: Cell) -> Cost:
        return self._cell_cost(block, cell)


def check_model(source: Source, model: str, program: str) -> None:
    """Check what a network is called and what comes with it.

    Raises:
        InvalidConfig: no name or a long one, or a program where none belongs or none where one
            does.
    """
    if not 0 < len(model) <= MAX_NAME:
        raise InvalidConfig("model", f"expected a name of 1 to {MAX_NAME} characters")
    if (length := len(json.dumps(program))) > MAX_PROGRAM_BYTES:
        raise InvalidConfig(
            "program", f"expected at most {MAX_PROGRAM_BYTES:,} bytes of JSON, got {length:,}"
        )
    if bool(program) != (source is Source.EXPORTED):
        expected = "a program" if source is Source.EXPORTED else "no program"
        raise InvalidConfig("program", f"expected {expected} for a network of source {source}")


def cost_to_json(cost: Cost) -> Document:
    """A cost as plain values."""
    return {"parameters": cost.parameters, "multiply_adds": cost.multiply_adds}


def cost_from_json(document: object, place: str) -> Cost:
    """A cost from what `cost_to_json` made.

    Raises:
        InvalidConfig: malformed, or below 0.
    """
    reader = Reader(document, place)
    cost = Cost(reader.integer("parameters"), reader.integer("multiply_adds"))
    reader.done()
    check_range(f"{place}.parameters", cost.parameters, 0, 2**62)
    check_range(f"{place}.multiply_adds", cost.multiply_adds, 0, 2**62)
    return cost


def read_image(reader: Reader, name: str) -> ImageShape:
    """An image's shape from a field of three whole numbers."""
    image = reader.integers(name)
    if len(image) != 3:
        reader.fail(f"{reader.place}.{name}", f"expected channels, height, width, got {image}")
    return ImageShape(*image)
