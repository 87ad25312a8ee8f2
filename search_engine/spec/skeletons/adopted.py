"""Adopted networks: one that was not built here, with a cell in place of its own convolutions.

The config says which network it is and holds the facts of the chosen sites, so that it is drawn,
checked and counted without torch; `search_engine.networks.adopted` finds those facts and builds it.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from search_engine.spec.cell import Cell
from search_engine.spec.cost import Cost
from search_engine.spec.declared import Whole, about, always, declared, read
from search_engine.spec.documents import Document, describe
from search_engine.spec.errors import InvalidConfig
from search_engine.spec.shapes import Shape
from search_engine.spec.skeletons.base import SkeletonConfig
from search_engine.spec.skeletons.blocks import Block, HiddenLayer, ImageShape
from search_engine.spec.skeletons.inner import (
    MAX_INNER,
    InnerLayer,
    OuterConv,
    Widths,
    added_cost,
)
from search_engine.spec.skeletons.pretrained import Normalisation
from search_engine.spec.skeletons.sites import (
    MAX_NAME,
    Classifier,
    Site,
    check_together,
    common_groups,
    sites_start_cell,
)

MAX_PROGRAM_BYTES = 180_000
"""As it stands in JSON: a checkpoint's description holds it, and is limited itself."""


class Source(StrEnum):
    """Where a network comes from: torchvision, or a program that torch.export wrote."""

    TORCHVISION = "torchvision"
    EXPORTED = "exported"


SourceField = Annotated[Source, about("Source", "where the network comes from")]
ModelField = Annotated[
    str,
    about(
        "Model",
        "torchvision's name of it, or what an exported program is called",
        min_length=1,
        max_length=MAX_NAME,
    ),
]
HeadField = Annotated[Classifier, about("Head", "the last layer")]
InnerField = Annotated[
    tuple[InnerLayer, ...],
    about("Inner layers", "the widths that can be changed", max_length=MAX_INNER),
]
ConvsField = Annotated[
    tuple[OuterConv, ...],
    about("Convolutions", "those around inner layers, as they were", max_length=4 * MAX_INNER),
]
ProgramField = Annotated[
    str, about("Program", "what an exported network computes, as JSON; empty for torchvision")
]
NormalisationField = Annotated[
    Normalisation | None,
    about("Normalisation", "that its weights want; null for the training images' own"),
]


@declared(kw_only=True)
class AdoptedConfig(SkeletonConfig):
    """A network that was not built here, with the cell at chosen sites.

    The start cell's edge is the network's own convolution: no batch norm and no ReLU of ours, which
    the network has around it already. `groups` follows from the sites. The sizes belong to `image`:
    for another image take the config from another `Outline`.
    """

    family: ClassVar[str] = "adopted"
    fixed = always(family=family)
    size_divisor: ClassVar[int] = 1
    fixed_because: ClassVar[str] = (
        "of an adopted network only those layers change their widths whose channels go from one"
        " convolution to the next, past nothing but norms, activations, pools, depthwise"
        " convolutions and squeeze-excitations"
    )
    may_lack = ("inner", "convs", "normalisation")

    groups: Annotated[
        Whole, about("Groups", "what the sites' numbers of groups have in common", ge=1)
    ] = 1
    source: SourceField
    model: ModelField
    chosen: Annotated[
        tuple[Site, ...],
        about("Sites", "where the cell stands, in the order in which data flows", alias="sites"),
    ]
    head: HeadField
    rest: Annotated[
        Cost, about("Rest", "cost of everything but the chosen sites and the last layer")
    ]
    program: ProgramField = ""
    inner: InnerField = ()
    convs: ConvsField = ()
    normalisation: NormalisationField = None

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
    def own_normalisation(self) -> Normalisation | None:
        return self.normalisation

    @property
    def starts_exactly(self) -> bool:
        # What leaves the network's own convolution is negative as often as not: a ReLU cuts it.
        return False

    @property
    def stem_channels(self) -> int:
        return self.chosen[0].in_channels

    @property
    def current_widths(self) -> Widths:
        """The widths of all modules around inner layers."""
        return Widths(self.inner, dict(self.widths))

    def layout(self) -> tuple[Block, ...]:
        blocks: list[Block] = []
        widths = self.current_widths
        for site in self.chosen:
            stage = blocks[-1].stage if blocks else 1
            if blocks and blocks[-1].size != site.size:
                stage += 1
            into, out = widths.of(site.name, site.in_channels, site.out_channels)
            shape = Shape(into, out, site.stride, widths.groups(site.name, site.groups))
            blocks.append(Block(site.name, stage, into, out, shape, site.size, own=site.own))
        return tuple(blocks)

    @classmethod
    def opened(cls, document: Mapping[str, Any]) -> Mapping[str, Any]:
        found = dict(super().opened(document))
        groups = found.pop("groups")
        sites = read(tuple[Site, ...], found["sites"], "sites")
        if sites and groups != (common := common_groups(sites)):
            reason = f"expected {common}, which the sites have in common, got {describe(groups)}"
            raise InvalidConfig("groups", reason)
        return found

    @classmethod
    def written(cls, document: Document) -> Document:
        """What a network does not have is left out, as it was before there was such a thing."""
        return {k: v for k, v in document.items() if k not in cls.may_lack or v}

    def _check_settings(self) -> None:
        check_program(self.source, self.program)
        self._check_groups()
        check_channels(self.normalisation, self.image)
        height, width = self.image.height, self.image.width
        for site in self.chosen:
            if site.size[0] > height or site.size[1] > width:
                raise InvalidConfig(
                    "image",
                    f"the sites' sizes are of another image: {site.name} has {site.size}, the image"
                    f" {(height, width)}",
                )

    def _check_groups(self) -> None:
        now = dict(self.widths)
        for layer in self._outer_hidden():
            for groups in layer.groups:
                if layer.name in now and now[layer.name] % groups:
                    raise InvalidConfig(
                        "widths",
                        f"expected a multiple of {groups} for {layer.name}, whose channels a"
                        f" convolution divides into {groups} groups, got {now[layer.name]}",
                    )

    def _outer_hidden(self) -> tuple[HiddenLayer, ...]:
        sites = {site.name for site in self.chosen}
        groups = {c.name: c.groups for c in self.convs if c.name not in sites and c.groups > 1}
        return tuple(
            replace(
                self._hidden(layer.name, layer.width, layer.kernel, layer.size),
                groups=tuple(groups[n] for n in (*layer.writers, *layer.readers) if n in groups),
            )
            for layer in self.inner
        )

    def _outer_cost(self) -> Cost:
        sites = {site.name for site in self.chosen}
        added = added_cost(self.inner, self.convs, sites, dict(self.widths))
        return self.rest + self.head.cost(self.classes) + added

    def _block_cost(self, block: Block, cell: Cell) -> Cost:
        return self._cell_cost(block, cell)


def check_channels(normalisation: Normalisation | None, image: ImageShape) -> None:
    """Check that a normalisation is for images of so many channels.

    Raises:
        InvalidConfig: it is not.
    """
    if normalisation is not None and len(normalisation.mean) != image.channels:
        raise InvalidConfig(
            "normalisation", f"expected {image.channels} channels, got {len(normalisation.mean)}"
        )


def check_program(source: Source, program: str) -> None:
    """Check what comes with a network.

    Raises:
        InvalidConfig: a program where none belongs or none where one does, or a long one.
    """
    if (length := len(json.dumps(program))) > MAX_PROGRAM_BYTES:
        raise InvalidConfig(
            "program", f"expected at most {MAX_PROGRAM_BYTES:,} bytes of JSON, got {length:,}"
        )
    if bool(program) != (source is Source.EXPORTED):
        expected = "a program" if source is Source.EXPORTED else "no program"
        raise InvalidConfig("program", f"expected {expected} for a network of source {source}")
