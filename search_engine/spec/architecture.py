"""A whole network as data: a skeleton and the cell at its sites."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated, Self, cast

from search_engine.spec.cell_json import CellField
from search_engine.spec.cost import Cost
from search_engine.spec.declared import Declared, Tagged, about, always, declared, read, write
from search_engine.spec.documents import Document
from search_engine.spec.errors import IllegalTransformation, InvalidArchitecture
from search_engine.spec.layer_transformations import Deepen, Widen
from search_engine.spec.regions import widened_regions
from search_engine.spec.skeletons import SkeletonConfig, SkeletonField
from search_engine.spec.transformations import (
    CellTransformation,
    InsertNode,
    ReplaceIdentity,
    SetMerge,
)

Transformation = CellTransformation | Widen | Deepen
Transformations = tuple[
    Annotated[Transformation, Tagged("type", SetMerge, InsertNode, ReplaceIdentity, Widen, Deepen)],
    ...,
]
"""As JSON: `[{"type": "set_merge", "node": [0, 1], "merge": "add", "branches": 2}, …]`"""


@declared
class Architecture(Declared):
    """A skeleton and the cell at its sites.

    Raises:
        InvalidArchitecture: the cell does not fit the skeleton's widths.
    """

    place = "architecture"
    fixed = always(version=1)

    skeleton: Annotated[SkeletonField, about("Skeleton", "the outer network")]
    cell: Annotated[CellField, about("Cell", "the tree in each of its blocks")]

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


def transformations_to_json(transformations: Iterable[Transformation]) -> list[Document]:
    """A list of transformations as plain values."""
    return cast(list[Document], write(Transformations, tuple(transformations)))


def transformations_from_json(documents: object) -> tuple[Transformation, ...]:
    """A list of transformations from what `transformations_to_json` made.

    Raises:
        InvalidConfig: malformed; it names the place of each fault.
    """
    return cast(Transformations, read(Transformations, documents, "transformations"))
