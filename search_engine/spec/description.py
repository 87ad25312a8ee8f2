"""What a checkpoint says of its network; no torch."""

from collections.abc import Iterator, Mapping
from dataclasses import field
from importlib.metadata import version
from typing import Annotated

from search_engine.spec.architecture import Architecture
from search_engine.spec.declared import Declared, Flag, Measured, about, always, declared
from search_engine.spec.documents import strange_values
from search_engine.spec.errors import InvalidConfig
from search_engine.spec.lineage import Lineage
from search_engine.spec.pictures import Rendering
from search_engine.version import __version__

MAX_TEXT = 200


@declared
class TrainedOn(Declared):
    """The data set that a network was trained on; what using the network needs."""

    place = "checkpoint.trained_on"
    may_lack = ("rendering",)

    name: Annotated[str, about("Name", "of the data set")]
    class_names: Annotated[tuple[str, ...], about("Classes", "in the order of the logits")]
    mean: Annotated[
        tuple[Measured, ...],
        about("Mean", "of each channel of the training images, on the scale 0 to 1"),
    ]
    std: Annotated[
        tuple[Measured, ...], about("Standard deviation", "of each channel, on the scale 0 to 1")
    ]
    rendering: Annotated[
        Rendering, about("Rendering", "how a picture of any kind becomes pixels of the right size")
    ] = Rendering()


def _versions() -> Mapping[str, str]:
    return {"espalier": __version__, "torch": version("torch")}


@declared
class Description(Declared):
    """What a checkpoint says of its network; readable without torch's weights."""

    place = "checkpoint"
    fixed = always(version=1)

    architecture: Annotated[Architecture, about("Architecture", "what it is")]
    lineage: Annotated[
        Lineage | None,
        about("Lineage", "how it came from its start network; null for a start network"),
    ] = None
    trained_on: Annotated[
        TrainedOn | None, about("Trained on", "which data set; null where it has not been trained")
    ] = None
    converted: Annotated[Flag, about("Converted", "a CondenseNet in converted form")] = False
    metrics: Annotated[
        Mapping[str, Measured],
        about("Metrics", "what was measured, such as the accuracy; fractions, not percent"),
    ] = field(default_factory=dict)
    weights_sha256: Annotated[str, about("SHA-256", "of the weights file")] = ""
    versions: Annotated[Mapping[str, str], about("Versions", "of the programs that wrote it")] = (
        field(default_factory=_versions, compare=False)
    )


def judged(document: object) -> Description:
    """The description that somebody sends, believed no further than it can be true.

    Raises:
        InvalidConfig: malformed, or no network of ours says so; it names the place of each fault.
    """
    faults = [(f"checkpoint.{place}", reason) for place, reason in strange_values(document)]
    if faults:
        raise InvalidConfig(*faults[0], faults=faults)
    found = Description.from_json(document)
    faults = [(f"checkpoint.{place}", reason) for place, reason in _untrue(found)]
    if faults:
        raise InvalidConfig(*faults[0], faults=faults)
    return found


def _untrue(found: Description) -> Iterator[tuple[str, str]]:
    for name, value in found.metrics.items():
        if name.endswith("accuracy") and not 0 <= value <= 1:
            yield f"metrics.{name}", f"expected 0 to 1, got {value:g}"
    on, skeleton = found.trained_on, found.architecture.skeleton
    if on is None:
        return
    for part, names in (("name", (on.name,)), ("class_names", on.class_names)):
        if any(len(name) > MAX_TEXT for name in names):
            yield f"trained_on.{part}", f"expected at most {MAX_TEXT} characters"
    if len(set(on.class_names)) < len(on.class_names):
        yield "trained_on.class_names", "expected a name of its own for each class"
    if len(on.class_names) != skeleton.classes:
        yield "trained_on.class_names", f"expected {skeleton.classes}, got {len(on.class_names)}"
    for part, values in (("mean", on.mean), ("std", on.std)):
        if len(values) != skeleton.image.channels:
            yield f"trained_on.{part}", f"expected one number for each channel, got {len(values)}"
    if any(value <= 0 for value in on.std):
        yield "trained_on.std", "expected numbers above 0"
