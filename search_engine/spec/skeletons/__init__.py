"""The skeletons as data: four families of our own, and networks that were adopted."""

from collections.abc import Mapping
from typing import Annotated, cast

from search_engine.spec.declared import Tagged, read
from search_engine.spec.skeletons.adopted import AdoptedConfig, Source
from search_engine.spec.skeletons.base import SkeletonConfig, deepened_operation
from search_engine.spec.skeletons.blocks import Block, HiddenLayer, ImageShape
from search_engine.spec.skeletons.chainnet import ChainNetConfig
from search_engine.spec.skeletons.condensenet import CondenseNetConfig
from search_engine.spec.skeletons.densenet import DenseNetConfig
from search_engine.spec.skeletons.outline import LayerKind, Outline, OutlineLayer
from search_engine.spec.skeletons.pretrained import NORMALISATIONS, Normalisation, PublishedWeights
from search_engine.spec.skeletons.pyramidnet import PyramidNetConfig
from search_engine.spec.skeletons.sites import Classifier, Site, SiteKind
from search_engine.spec.skeletons.torchvision_models import TORCHVISION_MODELS

FAMILIES: Mapping[str, type[SkeletonConfig]] = {
    kind.family: kind
    for kind in (DenseNetConfig, PyramidNetConfig, ChainNetConfig, CondenseNetConfig)
}
"""The families that are made from settings; an adopted network comes from an `Outline`."""

SkeletonField = Annotated[SkeletonConfig, Tagged("family", *FAMILIES.values(), AdoptedConfig)]
"""A skeleton of any family as a field of what is declared."""


def skeleton_from_json(document: object) -> SkeletonConfig:
    """A config from what `SkeletonConfig.to_json` made.

    Raises:
        InvalidConfig: malformed; the message names the field.
    """
    return cast(SkeletonConfig, read(SkeletonField, document, "skeleton"))
