"""What a strategy proposes, and how it is stored until its trial is told."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

import pydantic
from pydantic_core import CoreSchema, core_schema

from search_engine.controller.replay import Choices
from search_engine.spec import (
    CellTransformation,
    Deepen,
    Growth,
    SearchSpace,
    Widen,
    grow_cell,
    transformations_to_json,
)
from search_engine.spec.architecture import Transformations
from search_engine.spec.declared import Declared, Measured, Whole, about, refused_politely
from search_engine.spec.errors import IllegalTransformation


class _Grown:
    """Marks a growth: JSON has its transformations, which start from the context's start cell."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: pydantic.GetCoreSchemaHandler
    ) -> CoreSchema:
        @refused_politely
        def grow(transformations: Any, info: core_schema.ValidationInfo[SearchSpace]) -> Growth:
            return growth_of(info.context, transformations)

        return core_schema.chain_schema(
            [
                handler.generate_schema(Transformations),
                core_schema.with_info_plain_validator_function(grow),
            ],
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda growth: transformations_to_json(growth.transformations)
            ),
        )


GrowthField = Annotated[
    Growth,
    _Grown(),
    about("Growth", "the transformations, from the start cell", alias="transformations"),
]
"""A growth as a field of what is read with its search space as the context."""


class Move(StrEnum):
    """What a child of the strategy `grow` does beside being trained on.

    `rest`: nothing. `path`: some path-level transformations of the cell. `widen`: hidden layers of
    one stage, or of all, become wider. `deepen`: a layer after a hidden layer.
    """

    REST = "rest"
    PATH = "path"
    WIDEN = "widen"
    DEEPEN = "deepen"


@dataclass(frozen=True, slots=True)
class Proposal(Declared):
    """A network to be tried: a parent, and how it grows.

    Args:
        choices: how the controller grew it; empty where no controller did.
        log_probability: of the choices when they were drawn.
        update: how many updates the controller had had by then.
    """

    place = "proposal"
    may_lack = ("parent", "move")

    transformations: Annotated[
        Transformations, about("Transformations", "of the parent's network, in their order")
    ]
    choices: Choices = ()
    log_probability: Measured = 0.0
    update: Whole = 0
    parent: Annotated[
        Whole, about("Parent", "number of the trial it grows from; 0 is the start network")
    ] = 0
    move: Annotated[Move | None, about("Move", "null where the strategy has no moves")] = None


def growth_of(space: SearchSpace, transformations: Transformations) -> Growth:
    """The growth from the space's start cell.

    Raises:
        IllegalTransformation: one of them is not of a cell, or not legal.
    """
    steps: list[CellTransformation] = []
    for step in transformations:
        if isinstance(step, Widen | Deepen):
            raise IllegalTransformation(str(step), "it does not change a cell")
        steps.append(step)
    return Growth(grow_cell(space.start_cell, steps), tuple(steps))
