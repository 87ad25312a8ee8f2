"""A whole network as data: a skeleton and the cell at its sites."""

from dataclasses import dataclass, replace
from typing import Self

from search_engine.architecture.cell import Cell
from search_engine.architecture.cell_json import cell_from_json, cell_to_json
from search_engine.architecture.cost import Cost
from search_engine.architecture.documents import Document, Reader
from search_engine.architecture.layer_transformations import Deepen, Widen
from search_engine.architecture.regions import widened_regions
from search_engine.architecture.skeletons import SkeletonConfig, skeleton_from_json
from search_engine.architecture.transformations import CellTransformation
from search_engine.errors import IllegalTransformation, InvalidArchitecture

ARCHITECTURE_VERSION = 1

Transformation = CellTransformation | Widen | Deepen


@dataclass(frozen=True)
class Architecture:
    """A skeleton and the cell at its sites.

    Args:
        skeleton: the outer network.
        cell: the tree in each of its blocks.

    Raises:
        InvalidArchitecture: the cell does not fit the skeleton's widths.
    """

    skeleton: SkeletonConfig
    cell: Cell

    def __post_init__(self) -> None:
        self.skeleton.check_cell(self.cell)

    @classmethod
    def start(cls, skeleton: SkeletonConfig) -> Self:
        """The start network's architecture."""
        return cls(skeleton, skeleton.start_cell)

    @property
    def cost(self) -> Cost:
        """Parameters, and multiply-adds of one image."""
        return self.skeleton.cost(self.cell)

    def after(self, transformation: Transformation) -> "Architecture":
        """The architecture after one transformation.

        Raises:
            IllegalTransformation: it is not legal here.
        """
        try:
            if isinstance(transformation, Widen | Deepen):
                skeleton = transformation.apply(self.skeleton)
                if isinstance(transformation, Widen):
                    widened_regions(self.cell, self.skeleton, skeleton, transformation.layer)
                return replace(self, skeleton=skeleton)
            return replace(self, cell=transformation.apply(self.cell))
        except InvalidArchitecture as error:
            raise IllegalTransformation(str(transformation), str(error)) from None

    def to_json(self) -> Document:
        """The architecture as plain values for `json.dumps`."""
        return {
            "version": ARCHITECTURE_VERSION,
            "skeleton": self.skeleton.to_json(),
            "cell": cell_to_json(self.cell),
        }

    @classmethod
    def from_json(cls, document: object) -> Self:
        """An architecture from what `to_json` made.

        Raises:
            InvalidConfig: the skeleton is malformed.
            InvalidArchitecture: the cell is malformed or does not fit.
        """
        reader = Reader(document, "architecture")
        reader.version(ARCHITECTURE_VERSION)
        skeleton = skeleton_from_json(reader.take("skeleton"))
        cell = cell_from_json(reader.take("cell"))
        reader.done()
        return cls(skeleton, cell)
