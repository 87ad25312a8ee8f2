"""What a strategy proposes, and how it is stored until its trial is told."""

from dataclasses import dataclass
from typing import Self, cast

from search_engine.architecture import (
    CellTransformation,
    Growth,
    SearchSpace,
    grow_cell,
    transformations_from_json,
    transformations_to_json,
)
from search_engine.architecture.documents import Document, Reader
from search_engine.controller.replay import Choices


@dataclass(frozen=True, slots=True)
class Proposal:
    """A cell to be tried.

    Args:
        growth: the cell, and the transformations that make it from the start cell.
        choices: how the controller grew it; empty where no controller did.
        log_probability: of the choices when they were drawn.
        update: how many updates the controller had had by then.
    """

    growth: Growth
    choices: Choices = ()
    log_probability: float = 0.0
    update: int = 0

    def to_json(self) -> Document:
        """Plain values for `json.dumps`; the cell follows from the transformations."""
        return {
            "transformations": transformations_to_json(self.growth.transformations),
            "choices": list(self.choices),
            "log_probability": self.log_probability,
            "update": self.update,
        }

    @classmethod
    def from_json(cls, space: SearchSpace, document: object) -> Self:
        """A proposal from what `to_json` made.

        Raises:
            InvalidConfig: malformed; the message names the field.
            IllegalTransformation: the transformations do not fit the space's start cell.
        """
        reader = Reader(document, "proposal")
        proposal = cls(
            growth_from_json(space, reader.take("transformations")),
            reader.integers("choices"),
            reader.number("log_probability"),
            reader.integer("update"),
        )
        reader.done()
        return proposal


def growth_from_json(space: SearchSpace, document: object) -> Growth:
    """A growth from its transformations as JSON.

    Raises:
        InvalidConfig: malformed.
        IllegalTransformation: they do not fit the space's start cell.
    """
    # Layer transformations cannot occur: `apply` of a cell is all that `grow_cell` asks for.
    transformations = cast(
        tuple[CellTransformation, ...],
        transformations_from_json(list(document) if isinstance(document, tuple) else document),
    )
    return Growth(grow_cell(space.start_cell, transformations), transformations)
