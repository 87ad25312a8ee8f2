"""How a child came from its start network, as data: enough to rebuild it bit for bit."""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Self

from search_engine.architecture.architecture import Architecture, Transformation
from search_engine.architecture.documents import Document, Reader
from search_engine.architecture.layer_transformations import Deepen
from search_engine.architecture.skeletons import SkeletonConfig
from search_engine.architecture.transformation_json import (
    transformations_from_json,
    transformations_to_json,
)
from search_engine.architecture.transformations import ReplaceIdentity
from search_engine.errors import IllegalTransformation, InvalidConfig

LINEAGE_VERSION = 1


class MorphKind(StrEnum):
    """How a new operation starts without losing the function (METHOD section 5).

    `exact`: as the identity, and refused where it cannot be one. `annealed`: behind a gate that
    opens during fine-tuning. `distilled`: near the identity, then taught by the parent's logits.
    """

    EXACT = "exact"
    ANNEALED = "annealed"
    DISTILLED = "distilled"


@dataclass(frozen=True, slots=True)
class Morph:
    """How children are born.

    Args:
        kind: how new operations start.
        noise: standard deviation of the symmetry-breaking noise on copies and identity kernels, as
            a share of the tensor's own; 0 for none. Reference: Cai et al. 2018, authors' code.

    Raises:
        InvalidConfig: the noise is outside 0 to 1.
    """

    kind: MorphKind = MorphKind.ANNEALED
    noise: float = 0.006

    def __post_init__(self) -> None:
        if not 0 <= self.noise <= 1:
            raise InvalidConfig("morph.noise", f"expected 0 to 1, got {self.noise}")

    def to_json(self) -> Document:
        """The settings as plain values."""
        return {"kind": self.kind.value, "noise": self.noise}

    @classmethod
    def from_json(cls, document: object, place: str = "morph") -> Self:
        """Settings from what `to_json` made.

        Raises:
            InvalidConfig: malformed; the message names the field.
        """
        reader = Reader(document, place)
        morph = cls(reader.choice("kind", MorphKind), reader.number("noise"))
        reader.done()
        return morph


@dataclass(frozen=True)
class Lineage:
    """Start network + transformations + seed = child.

    Args:
        transformations: in the order in which they are applied.
        seed: of every random draw on the way.
        morph: how new operations start.
    """

    transformations: tuple[Transformation, ...] = ()
    seed: int = 0
    morph: Morph = field(default_factory=Morph)

    def architecture(self, start: Architecture) -> Architecture:
        """The child's architecture.

        Raises:
            IllegalTransformation: by the first that is refused; with an `exact` morph also where a
                new operation cannot start as the identity.
        """
        for transformation in self.transformations:
            start = start.after(transformation)
            if self.morph.kind is MorphKind.EXACT:
                _check_exact(transformation, start.skeleton)
        return start

    def then(self, *transformations: Transformation) -> "Lineage":
        """This lineage with more transformations at its end."""
        return replace(self, transformations=self.transformations + transformations)

    def to_json(self) -> Document:
        """The lineage as plain values for `json.dumps`."""
        return {
            "version": LINEAGE_VERSION,
            "transformations": transformations_to_json(self.transformations),
            "seed": self.seed,
            "morph": {"kind": self.morph.kind.value, "noise": self.morph.noise},
        }

    @classmethod
    def from_json(cls, document: object) -> Self:
        """A lineage from what `to_json` made.

        Raises:
            InvalidConfig: malformed; the message names the field.
        """
        reader = Reader(document, "lineage")
        reader.version(LINEAGE_VERSION)
        transformations = transformations_from_json(reader.take("transformations"))
        morph = Reader(reader.take("morph"), "lineage.morph")
        lineage = cls(
            transformations,
            reader.integer("seed"),
            Morph(morph.choice("kind", MorphKind), morph.number("noise")),
        )
        morph.done()
        reader.done()
        return lineage


def _check_exact(transformation: Transformation, skeleton: SkeletonConfig) -> None:
    match transformation:
        case ReplaceIdentity(_, operation) if not operation.has_weights:
            reason = f"{operation} cannot be the identity"
        case ReplaceIdentity() | Deepen() if not skeleton.starts_exactly:
            order = f"in order {skeleton.order} of {skeleton.family}"
            reason = f"{order} the ReLU of a new operation cuts negative values"
        case _:
            return
    raise IllegalTransformation(
        str(transformation), f"{reason}; an exact morph is impossible, choose annealed"
    )
