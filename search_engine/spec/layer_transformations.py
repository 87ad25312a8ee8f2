"""Transformations of a skeleton's single layers (Net2Net); `transformations` has the path-level.

Reference: Chen et al. 2016 (arXiv:1511.05641); Cai et al. 2018, section 3.1.
"""

from dataclasses import dataclass
from typing import Annotated

from search_engine.spec.declared import Declared, Whole, about, always
from search_engine.spec.errors import IllegalTransformation, InvalidConfig
from search_engine.spec.skeletons import HiddenLayer, SkeletonConfig

_Layer = Annotated[str, about("Layer", "its name, such as stage1_block2.bottleneck")]


@dataclass(frozen=True, slots=True)
class Widen(Declared):
    """Make a hidden layer wider (Net2Wider)."""

    fixed = always(type="widen")

    layer: _Layer
    width: Annotated[Whole, about("Width", "the new one, above the old one", unit="channels")]

    def __str__(self) -> str:
        return f"Widen({self.layer}, {self.width})"

    def apply(self, skeleton: SkeletonConfig) -> SkeletonConfig:
        """The skeleton after it.

        Raises:
            IllegalTransformation: no such layer, not wider, or the start cell does not fit the
                width.
        """
        layer = _find(self, skeleton, self.layer)
        if self.width <= layer.width:
            raise IllegalTransformation(
                str(self), f"expected a width above {layer.width}, got {self.width}"
            )
        try:
            return skeleton.with_width(self.layer, self.width)
        except InvalidConfig as error:
            raise IllegalTransformation(str(self), str(error)) from None


@dataclass(frozen=True, slots=True)
class Deepen(Declared):
    """Put a layer of the same width and kernel after a hidden layer (Net2Deeper)."""

    fixed = always(type="deepen")

    layer: _Layer

    def __str__(self) -> str:
        return f"Deepen({self.layer})"

    def apply(self, skeleton: SkeletonConfig) -> SkeletonConfig:
        """The skeleton after it.

        Raises:
            IllegalTransformation: no such layer, or it has as many layers after it as are allowed.
        """
        _find(self, skeleton, self.layer)
        try:
            return skeleton.with_extra_layer(self.layer)
        except InvalidConfig as error:
            raise IllegalTransformation(str(self), str(error)) from None


LayerTransformation = Widen | Deepen


def _find(transformation: LayerTransformation, skeleton: SkeletonConfig, name: str) -> HiddenLayer:
    layers = skeleton.hidden_layers()
    if name not in layers:
        known = f"such as {next(iter(layers))}" if layers else f"{skeleton.family} has none"
        because = f"; {skeleton.fixed_because}" if skeleton.fixed_because else ""
        raise IllegalTransformation(
            str(transformation), f"there is no hidden layer {name!r} ({known}){because}"
        )
    return layers[name]
