"""The skeletons as data: four families of our own, and networks that were adopted."""

from collections.abc import Mapping

from search_engine.architecture.documents import Reader, describe
from search_engine.architecture.skeletons.adopted import AdoptedConfig, Source
from search_engine.architecture.skeletons.base import SkeletonConfig, deepened_operation
from search_engine.architecture.skeletons.blocks import Block, HiddenLayer, ImageShape
from search_engine.architecture.skeletons.chainnet import ChainNetConfig
from search_engine.architecture.skeletons.condensenet import CondenseNetConfig
from search_engine.architecture.skeletons.densenet import DenseNetConfig, Transition
from search_engine.architecture.skeletons.outline import LayerKind, Outline, OutlineLayer
from search_engine.architecture.skeletons.pyramidnet import PyramidNetConfig
from search_engine.architecture.skeletons.sites import Classifier, Site, SiteKind
from search_engine.architecture.skeletons.torchvision_models import TORCHVISION_MODELS

__all__ = [
    "FAMILIES",
    "TORCHVISION_MODELS",
    "AdoptedConfig",
    "Block",
    "ChainNetConfig",
    "Classifier",
    "CondenseNetConfig",
    "DenseNetConfig",
    "HiddenLayer",
    "ImageShape",
    "LayerKind",
    "Outline",
    "OutlineLayer",
    "PyramidNetConfig",
    "Site",
    "SiteKind",
    "SkeletonConfig",
    "Source",
    "Transition",
    "deepened_operation",
    "skeleton_from_json",
]

FAMILIES: Mapping[str, type[SkeletonConfig]] = {
    kind.family: kind
    for kind in (DenseNetConfig, PyramidNetConfig, ChainNetConfig, CondenseNetConfig)
}
"""The families that are made from settings; an adopted network comes from an `Outline`."""

_READABLE: Mapping[str, type[SkeletonConfig]] = {
    **FAMILIES,
    AdoptedConfig.family: AdoptedConfig,
}


def skeleton_from_json(document: object) -> SkeletonConfig:
    """A config from what `SkeletonConfig.to_json` made.

    Raises:
        InvalidConfig: malformed; the message names the field.
    """
    reader = Reader(document, "skeleton")
    family = reader.string("family")
    if family not in _READABLE:
        reader.fail(
            "skeleton.family", f"expected one of {', '.join(_READABLE)}, got {describe(family)}"
        )
    return _READABLE[family].read(reader)
