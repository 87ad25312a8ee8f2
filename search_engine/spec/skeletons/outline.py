"""The outline of a network that is not of our making: its layers in the order in which data flows.

Whoever has an outline can draw the network, choose sites and make a config, all without torch.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Annotated, Any, Self

from search_engine.spec.cost import Cost, total
from search_engine.spec.declared import Declared, Whole, about, always, declared
from search_engine.spec.documents import Document
from search_engine.spec.errors import InvalidConfig
from search_engine.spec.operations import Order
from search_engine.spec.skeletons.adopted import (
    AdoptedConfig,
    ConvsField,
    HeadField,
    InnerField,
    ModelField,
    NormalisationField,
    ProgramField,
    SourceField,
    check_channels,
    check_program,
)
from search_engine.spec.skeletons.blocks import ImageShape
from search_engine.spec.skeletons.pretrained import Normalisation, PublishedWeights
from search_engine.spec.skeletons.sites import BiasField, Site, SiteKind, SizeField, check_together

MAX_LAYERS = 10_000


class LayerKind(StrEnum):
    """What an outline shows of a network; batch norms and activations are left out."""

    CONV = "conv"
    LINEAR = "linear"
    POOL = "pool"


_Count = Annotated[Whole, about("Channels", "or features", ge=0)]


@declared
class OutlineLayer(Declared):
    """One layer."""

    place = "layers"

    name: Annotated[str, about("Name", "dotted path of the module")]
    block: Annotated[str, about("Block", "of which it is a part, such as layer1.0")]
    kind: Annotated[LayerKind, about("Kind", "what it is")]
    text: Annotated[str, about("Text", "what it is, for people: 3x3 conv")]
    in_channels: _Count
    out_channels: _Count
    kernel: Annotated[
        Whole,
        about(
            "Kernel",
            "side of its window, the longer one where they differ; 1 for linear layers",
            unit="pixels",
        ),
    ]
    stride: Annotated[Whole, about("Stride", "", unit="pixels")]
    groups: Annotated[Whole, about("Groups", "of a convolution; 1 otherwise")]
    bias: BiasField
    size: SizeField
    why_not: Annotated[str, about("Why not", "why no cell may replace it; empty for a site")]

    @property
    def site(self) -> Site | None:
        """The site that it is, where it is one."""
        if self.why_not:
            return None
        into, out = self.in_channels, self.out_channels
        return Site(self.name, into, out, self.stride, self.groups, self.bias, self.size)

    @classmethod
    def opened(cls, document: Mapping[str, Any]) -> Mapping[str, Any]:
        found = dict(super().opened(document))
        if found.pop("site", None) is not (not found["why_not"]):
            reason = "expected false with a reason in why_not, else true"
            raise InvalidConfig("site", reason)
        return found

    @classmethod
    def written(cls, document: Document) -> Document:
        why_not = document.pop("why_not")
        return {**document, "site": not why_not, "why_not": why_not}


@declared(kw_only=True)
class Outline(Declared):
    """A network, layer by layer, for images of one shape."""

    place = "outline"
    fixed = always(version=1)
    may_lack = ("inner", "convs", "normalisation", "weights")

    source: SourceField
    model: ModelField
    image: Annotated[ImageShape, about("Image", "shape of the input")]
    classes: Annotated[Whole, about("Classes", "how many it tells apart here")]
    cost: Annotated[Cost, about("Cost", "of the whole network as it is, with that many classes")]
    head: HeadField
    layers: Annotated[
        tuple[OutlineLayer, ...],
        about("Layers", "in the order in which data flows", max_length=MAX_LAYERS),
    ]
    program: ProgramField = ""
    inner: InnerField = ()
    convs: ConvsField = ()
    normalisation: NormalisationField = None
    weights: Annotated[
        PublishedWeights | None,
        about("Weights", "that its publisher gives and it starts from; null for others"),
    ] = None

    def __post_init__(self) -> None:
        check_program(self.source, self.program)
        check_channels(self.normalisation, self.image)

    def with_normalisation(self, normalisation: Normalisation) -> Self:
        """The outline of the network with weights that want their images normalised so."""
        return replace(self, normalisation=normalisation.for_channels(self.image.channels))

    def with_weights(self, weights: PublishedWeights) -> Self:
        """The outline of the network with published weights, and so with their normalisation."""
        return replace(self.with_normalisation(weights.normalisation), weights=weights)

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
                self.cost.parameters - left.parameters, self.cost.multiply_adds - left.multiply_adds
            ),
            program=self.program,
            inner=self.inner,
            convs=self.convs,
            normalisation=self.normalisation,
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

    @classmethod
    def opened(cls, document: Mapping[str, Any]) -> Mapping[str, Any]:
        names = ("parameters", "multiply_adds")
        apart = {name: document[name] for name in names if name in document}
        rest = {name: value for name, value in document.items() if name not in names}
        return super().opened({**rest, "cost": apart})

    @classmethod
    def written(cls, document: Document) -> Document:
        found = {**document, **document.pop("cost")}
        return {k: v for k, v in found.items() if k not in cls.may_lack or v}
