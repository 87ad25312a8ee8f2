"""The outline of a network that is not of our making: its layers in the order in which data flows.

Whoever has an outline can draw the network, choose sites and make a config, all without torch.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from search_engine.architecture.cost import Cost, Size, total
from search_engine.architecture.documents import Document, Reader
from search_engine.architecture.operations import Order
from search_engine.architecture.skeletons.adopted import (
    AdoptedConfig,
    Source,
    check_model,
    cost_from_json,
    cost_to_json,
    read_image,
)
from search_engine.architecture.skeletons.blocks import ImageShape
from search_engine.architecture.skeletons.sites import (
    Classifier,
    Site,
    SiteKind,
    check_together,
    read_size,
)
from search_engine.errors import InvalidConfig

OUTLINE_VERSION = 1
MAX_LAYERS = 10_000


class LayerKind(StrEnum):
    """What an outline shows of a network; batch norms and activations are left out."""

    CONV = "conv"
    LINEAR = "linear"
    POOL = "pool"


@dataclass(frozen=True, slots=True)
class OutlineLayer:
    """One layer.

    Args:
        name: dotted path of the module.
        block: of which block it is a part, such as `layer1.0`.
        kind: what it is.
        text: what it is, for people: `3x3 conv`.
        in_channels: channels or features that come in.
        out_channels: channels or features that go out.
        kernel: side of its window in pixels; the longer one where they differ; 1 for linear layers.
        stride: in pixels.
        groups: of a convolution; 1 otherwise.
        bias: it adds a constant to each channel.
        size: of its output, in pixels; 1 x 1 for linear layers.
        why_not: why no cell may replace it, such as `its kernel is 7x7`; empty for a site.
    """

    name: str
    block: str
    kind: LayerKind
    text: str
    in_channels: int
    out_channels: int
    kernel: int
    stride: int
    groups: int
    bias: bool
    size: Size
    why_not: str

    @property
    def site(self) -> Site | None:
        """The site that it is, where it is one."""
        if self.why_not:
            return None
        into, out = self.in_channels, self.out_channels
        return Site(self.name, into, out, self.stride, self.groups, self.bias, self.size)

    def to_json(self) -> Document:
        """The layer as plain values; `site` says whether a cell may replace it."""
        return {
            "name": self.name,
            "block": self.block,
            "kind": self.kind.value,
            "text": self.text,
            "in_channels": self.in_channels,
            "out_channels": self.out_channels,
            "kernel": self.kernel,
            "stride": self.stride,
            "groups": self.groups,
            "bias": self.bias,
            "size": list(self.size),
            "site": not self.why_not,
            "why_not": self.why_not,
        }

    @classmethod
    def from_json(cls, document: object, place: str = "layers") -> Self:
        """A layer from what `to_json` made.

        Raises:
            InvalidConfig: malformed; the message names the field.
        """
        reader = Reader(document, place)
        layer = cls(
            reader.string("name"),
            reader.string("block"),
            reader.choice("kind", LayerKind),
            reader.string("text"),
            reader.integer("in_channels"),
            reader.integer("out_channels"),
            reader.integer("kernel"),
            reader.integer("stride"),
            reader.integer("groups"),
            reader.boolean("bias"),
            read_size(reader, "size"),
            reader.string("why_not"),
        )
        if reader.boolean("site") == bool(layer.why_not):
            reader.fail(f"{place}.site", "expected false with a reason in why_not, else true")
        reader.done()
        return layer


@dataclass(frozen=True, kw_only=True)
class Outline:
    """A network, layer by layer, for images of one shape.

    Args:
        source: where the network comes from.
        model: torchvision's name of it, or what an exported program is called.
        image: shape of its input.
        classes: how many it tells apart here.
        cost: of the whole network as it is, with that many classes.
        head: its last layer.
        layers: in the order in which data flows.
        program: what an exported network computes, as compact JSON; empty for torchvision.

    Raises:
        InvalidConfig: the name or the program does not go with the source, or there are too many
            layers.
    """

    source: Source
    model: str
    image: ImageShape
    classes: int
    cost: Cost
    head: Classifier
    layers: tuple[OutlineLayer, ...]
    program: str = ""

    def __post_init__(self) -> None:
        check_model(self.source, self.model, self.program)
        if len(self.layers) > MAX_LAYERS:
            raise InvalidConfig("layers", f"expected at most {MAX_LAYERS:,} layers")

    @property
    def sites(self) -> tuple[Site, ...]:
        """All layers that a cell may replace, in order."""
        sites = (layer.site for layer in self.layers)
        return tuple(site for site in sites if site is not None)

    def default_sites(self) -> tuple[str, ...]:
        """Names of the sites to start with: those of the kind that there are most of.

        Plain ones, or grouped and depthwise ones together. The layer that sees the image is left
        out where there are others.
        """
        plain = Counter(site.kind is SiteKind.PLAIN for site in self.sites)
        sites = [
            s for s in self.sites if (s.kind is SiteKind.PLAIN) == (plain[True] > plain[False])
        ]
        first = self.layers[0].name if self.layers else ""
        return tuple(s.name for s in sites if s.name != first) or tuple(s.name for s in sites)

    def config(
        self,
        sites: Iterable[str] | None = None,
        *,
        classes: int | None = None,
        order: Order = Order.BN_ACT_WEIGHT,
        drop_path: float = 0.0,
    ) -> AdoptedConfig:
        """The skeleton with the cell at these sites.

        Args:
            sites: their names; `default_sites` where None.
            classes: how many it shall tell apart; as many as here where None.
            order: of weight, batch norm and ReLU in new operations.
            drop_path: probability that a branch under `add` is dropped in training.

        Raises:
            InvalidConfig: no such site, none at all, or sites that do not fit together.
        """
        names = list(self.default_sites() if sites is None else sites)
        self._check_names(names)
        chosen = tuple(site for site in self.sites if site.name in set(names))
        check_together(chosen)
        left = total([self.head.cost(self.classes), *(site.cost for site in chosen)])
        return AdoptedConfig(
            source=self.source,
            model=self.model,
            image=self.image,
            classes=self.classes if classes is None else classes,
            order=order,
            drop_path=drop_path,
            chosen=chosen,
            head=self.head,
            rest=Cost(
                self.cost.parameters - left.parameters,
                self.cost.multiply_adds - left.multiply_adds,
            ),
            program=self.program,
        )

    def _check_names(self, names: list[str]) -> None:
        known = {layer.name: layer for layer in self.layers}
        for name in names:
            if name not in known:
                raise InvalidConfig("sites", f"{self.model} has no layer {name[:60]!r}")
            if known[name].why_not:
                raise InvalidConfig("sites", f"{name} is no site: {known[name].why_not}")
        if not names:
            raise InvalidConfig("sites", f"expected at least one of {self.model}'s sites, got none")

    def to_json(self) -> Document:
        """The outline as plain values for `json.dumps`."""
        return {
            "version": OUTLINE_VERSION,
            "source": self.source.value,
            "model": self.model,
            "image": [self.image.channels, self.image.height, self.image.width],
            "classes": self.classes,
            **cost_to_json(self.cost),
            "head": self.head.to_json(),
            "program": self.program,
            "layers": [layer.to_json() for layer in self.layers],
        }

    @classmethod
    def from_json(cls, document: object) -> Self:
        """An outline from what `to_json` made.

        Raises:
            InvalidConfig: malformed; the message names the field.
        """
        reader = Reader(document, "outline")
        reader.version(OUTLINE_VERSION)
        cost = {name: reader.integer(name) for name in ("parameters", "multiply_adds")}
        outline = cls(
            source=reader.choice("source", Source),
            model=reader.string("model"),
            image=read_image(reader, "image"),
            classes=reader.integer("classes"),
            cost=cost_from_json(cost, "outline"),
            head=Classifier.from_json(reader.take("head"), "outline.head"),
            program=reader.string("program"),
            layers=tuple(
                OutlineLayer.from_json(layer, f"outline.layers[{index}]")
                for index, layer in enumerate(reader.sequence("layers"))
            ),
        )
        reader.done()
        return outline
