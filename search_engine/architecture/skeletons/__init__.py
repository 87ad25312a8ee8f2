"""The four families of skeletons, as data."""

from collections.abc import Mapping

from search_engine.architecture.documents import Reader, describe
from search_engine.architecture.skeletons.base import (
    Block,
    HiddenLayer,
    ImageShape,
    SkeletonConfig,
    deepened_operation,
)
from search_engine.architecture.skeletons.chainnet import ChainNetConfig
from search_engine.architecture.skeletons.condensenet import CondenseNetConfig
from search_engine.architecture.skeletons.densenet import DenseNetConfig, Transition
from search_engine.architecture.skeletons.pyramidnet import PyramidNetConfig

__all__ = [
    "FAMILIES",
    "Block",
    "ChainNetConfig",
    "CondenseNetConfig",
    "DenseNetConfig",
    "HiddenLayer",
    "ImageShape",
    "PyramidNetConfig",
    "SkeletonConfig",
    "Transition",
    "deepened_operation",
    "skeleton_from_json",
]

FAMILIES: Mapping[str, type[SkeletonConfig]] = {
    kind.family: kind
    for kind in (DenseNetConfig, PyramidNetConfig, ChainNetConfig, CondenseNetConfig)
}


def skeleton_from_json(document: object) -> SkeletonConfig:
    """A config from what `SkeletonConfig.to_json` made.

    Raises:
        InvalidConfig: malformed; the message names the field.
    """
    reader = Reader(document, "skeleton")
    family = reader.string("family")
    if family not in FAMILIES:
        reader.fail(
            "skeleton.family", f"expected one of {', '.join(FAMILIES)}, got {describe(family)}"
        )
    return FAMILIES[family].read(reader)
