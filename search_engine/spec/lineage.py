"""How a child came from its parent, as data: enough to rebuild it, on the CPU bit for bit."""

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Annotated, Any

from search_engine.spec.architecture import Architecture, Transformation, Transformations
from search_engine.spec.declared import Declared, Number, Whole, about, always, declared
from search_engine.spec.documents import Document
from search_engine.spec.errors import IllegalTransformation
from search_engine.spec.layer_transformations import Deepen
from search_engine.spec.skeletons import SkeletonConfig
from search_engine.spec.transformations import ReplaceIdentity


class MorphKind(StrEnum):
    """How a new operation starts without losing the function (see docs/method.md).

    `exact`: as the identity, and refused where it cannot be one. `annealed`: behind a gate that
    opens during fine-tuning. `distilled`: near the identity, then taught by the parent's logits.
    """

    EXACT = "exact"
    ANNEALED = "annealed"
    DISTILLED = "distilled"


class Widening(StrEnum):
    """What the new channels of a wider layer are (see docs/method.md).

    `copies`: of old ones, at a share of their outgoing weights. `fresh`: new filters, whose
    outgoing weights start at zero.
    """

    COPIES = "copies"
    FRESH = "fresh"


@declared
class Morph(Declared):
    """How children are born."""

    place = "morph"
    may_lack = ("widening",)

    kind: Annotated[MorphKind, about("New operations", "how they start")] = MorphKind.ANNEALED
    noise: Annotated[
        # Reference: Cai et al. 2018, authors' code.
        Number,
        about(
            "Noise",
            "standard deviation of the noise that breaks the symmetry of copies and identity"
            " kernels, as a share of the tensor's own",
            ge=0,
            le=1,
        ),
    ] = 0.006
    widening: Annotated[
        Widening,
        about(
            "Wider layers",
            "their new channels: copies of old ones, or fresh ones whose outgoing weights start at"
            " zero; copies where a document does not say",
        ),
    ] = Widening.FRESH

    @classmethod
    def opened(cls, document: Mapping[str, Any]) -> Mapping[str, Any]:
        """A morph of before there was a choice made copies."""
        return super().opened({"widening": Widening.COPIES, **document})

    @classmethod
    def written(cls, document: Document) -> Document:
        """Copies are not said, so that documents of before stay as they were."""
        return {k: v for k, v in document.items() if (k, v) != ("widening", Widening.COPIES)}


@declared
class Lineage(Declared):
    """Parent's network + transformations + seed = child."""

    place = "lineage"
    fixed = always(version=1)
    may_lack = ("parent",)

    transformations: Annotated[
        Transformations, about("Transformations", "in the order in which they are applied")
    ] = ()
    seed: Annotated[Whole, about("Seed", "of every random draw on the way")] = 0
    morph: Annotated[Morph, about("Morph", "how new operations start")] = Morph()
    parent: Annotated[
        Whole, about("Parent", "the trial whose network it grows from; 0: the start network")
    ] = 0

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
