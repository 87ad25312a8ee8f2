"""Networks as pure data: cells, search space, transformations, skeletons, costs; without torch."""

from search_engine.architecture.architecture import Architecture, Transformation
from search_engine.architecture.cell import LEAF, Branch, Cell, Node, Path, chain
from search_engine.architecture.cell_json import cell_from_json, cell_from_text, cell_to_json
from search_engine.architecture.cost import Cost
from search_engine.architecture.growth import (
    Decision,
    DecisionKind,
    Growing,
    Growth,
    complete,
    grow,
    sample,
)
from search_engine.architecture.layer_transformations import Deepen, Widen
from search_engine.architecture.library import (
    GROUPED_START_CELL,
    NAMED_CELLS,
    START_CELL,
    TREE_CELL_A,
    TREE_CELL_B,
    start_cell,
)
from search_engine.architecture.lineage import Lineage, Morph, MorphKind
from search_engine.architecture.notation import format_cell, parse_cell
from search_engine.architecture.operations import SEARCHED_OPERATIONS, Operation, Order
from search_engine.architecture.schemes import MOTIFS, Allocation, Merge
from search_engine.architecture.shapes import Edge, OwnConv, Shape, check_fits, edges
from search_engine.architecture.skeletons import (
    FAMILIES,
    TORCHVISION_MODELS,
    AdoptedConfig,
    ChainNetConfig,
    CondenseNetConfig,
    DenseNetConfig,
    ImageShape,
    Outline,
    OutlineLayer,
    PyramidNetConfig,
    Site,
    SiteKind,
    SkeletonConfig,
    Source,
    skeleton_from_json,
)
from search_engine.architecture.space import MergeOption, SearchSpace, search_space_of
from search_engine.architecture.transformation_json import (
    transformation_from_json,
    transformation_to_json,
    transformations_from_json,
    transformations_to_json,
)
from search_engine.architecture.transformations import (
    CellTransformation,
    InsertNode,
    ReplaceIdentity,
    SetMerge,
    grow_cell,
)

__all__ = [
    "FAMILIES",
    "GROUPED_START_CELL",
    "LEAF",
    "MOTIFS",
    "NAMED_CELLS",
    "SEARCHED_OPERATIONS",
    "START_CELL",
    "TORCHVISION_MODELS",
    "TREE_CELL_A",
    "TREE_CELL_B",
    "AdoptedConfig",
    "Allocation",
    "Architecture",
    "Branch",
    "Cell",
    "CellTransformation",
    "ChainNetConfig",
    "CondenseNetConfig",
    "Cost",
    "Decision",
    "DecisionKind",
    "Deepen",
    "DenseNetConfig",
    "Edge",
    "Growing",
    "Growth",
    "ImageShape",
    "InsertNode",
    "Lineage",
    "Merge",
    "MergeOption",
    "Morph",
    "MorphKind",
    "Node",
    "Operation",
    "Order",
    "Outline",
    "OutlineLayer",
    "OwnConv",
    "Path",
    "PyramidNetConfig",
    "ReplaceIdentity",
    "SearchSpace",
    "SetMerge",
    "Shape",
    "Site",
    "SiteKind",
    "SkeletonConfig",
    "Source",
    "Transformation",
    "Widen",
    "cell_from_json",
    "cell_from_text",
    "cell_to_json",
    "chain",
    "check_fits",
    "complete",
    "edges",
    "format_cell",
    "grow",
    "grow_cell",
    "parse_cell",
    "sample",
    "search_space_of",
    "skeleton_from_json",
    "start_cell",
    "transformation_from_json",
    "transformation_to_json",
    "transformations_from_json",
    "transformations_to_json",
]
