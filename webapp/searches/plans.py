"""What the launch form proposes for a data set: a plan that fits the time at hand, and why."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypedDict
from urllib.parse import urlencode

from django.contrib.auth.base_user import AbstractBaseUser
from django.urls import reverse

from search_engine.spec import Architecture, ImageShape
from search_engine.spec.duration import Speed
from search_engine.spec.errors import SearchEngineError
from search_engine.spec.plan import LONGER, WEIGHTS, Facts, Plan, Start, propose, text_of
from webapp.checkpoints.models import Checkpoint, Origin
from webapp.checkpoints.selectors import visible_to
from webapp.datasets.models import Dataset
from webapp.searches.estimates import speed_here
from webapp.workers.selectors import fleet

MINUTES = (5, 20, 60, 240, 720)
"""Times at hand that the page offers."""
USUAL_MINUTES = 20
MOST_MINUTES = 10_000


@dataclass(frozen=True)
class Proposal:
    """A plan, with what its page says of it.

    Args:
        start: the network that is there for this data set, where the plan begins with one.
        why: what was proposed for what, in a sentence.
        longer: what a longer run would buy, in a sentence.
        pretrained: where a pretrained network is got that would suit better; empty where the plan's
            own start network suits.
        better: what a search from it would train, and how long; likewise.
    """

    plan: Plan
    dataset: Dataset
    minutes: int
    start: Checkpoint | None
    why: str
    longer: str
    pretrained: str
    better: str

    def initial(self) -> dict[str, Any]:
        """Values of fields that the config does not have."""
        name = {"name": f"{self.dataset.name}, searched"[:120]}
        return name | ({"start_checkpoint": self.start.pk} if self.start else {})


class PlanJSON(TypedDict):
    """A plan; `start_checkpoint` is the network that it begins with, or null.

    `pretrained` is the torchvision model that would suit better, `weights` the name of its
    published ones: `POST start-networks/` takes both, and `pretrained_seconds` is what a search
    from it takes. Empty and null where the config's network suits.
    """

    config: dict[str, Any]
    seconds: float
    start_checkpoint: int | None
    pretrained: str
    weights: str
    pretrained_seconds: float | None
    why: str
    longer: str


def proposal_json(proposal: Proposal) -> PlanJSON:
    """A plan as the API tells it."""
    return {
        "config": proposal.plan.config.to_json(),
        "seconds": proposal.plan.seconds,
        "start_checkpoint": proposal.start.pk if proposal.start else None,
        "pretrained": proposal.plan.pretrained,
        "weights": WEIGHTS if proposal.plan.pretrained else "",
        "pretrained_seconds": proposal.plan.pretrained_seconds or None,
        "why": proposal.why,
        "longer": proposal.longer,
    }


def proposal_for(user: AbstractBaseUser, dataset: Dataset, minutes: int) -> Proposal | None:
    """A plan for a data set that is ready; None where none can be made, as of odd pictures."""
    facts = _facts(dataset, minutes)
    start = _brought(user, dataset) if facts.has_photographs else None
    try:
        plan = plan_for(dataset, minutes, start)
    except SearchEngineError:
        return None
    address = better = ""
    if plan.pretrained:
        better = f"train {plan.pretrained_text}: about {time_text(plan.pretrained_seconds)}"
        named = {"model": plan.pretrained, "pretrained": WEIGHTS}
        query = urlencode({**named, "dataset": dataset.engine_name})
        address = f"{reverse('adopted_networks')}?{query}"
    why, longer = _why(facts, plan, dataset), _longer(facts, plan)
    return Proposal(plan, dataset, minutes, start, why, longer, address, better)


def plan_for(dataset: Dataset, minutes: int, start: Checkpoint | None = None) -> Plan:
    """A plan for a data set.

    Args:
        start: a network that was brought in, for its pictures.

    Raises:
        SearchEngineError: of such pictures none can be made.
    """
    speed, _ = speed_here()
    brought = None
    if start is not None:
        architecture = Architecture.from_json(start.description["architecture"])
        brought = Start(architecture.skeleton, is_trained=start.accuracy is not None)
    return _proposed(_facts(dataset, minutes), speed, brought)


def _facts(dataset: Dataset, minutes: int) -> Facts:
    return Facts(
        name=dataset.engine_name,
        image=ImageShape(dataset.image_channels, dataset.image_height, dataset.image_width),
        classes=dataset.classes or len(dataset.class_names),
        images=dataset.image_count,
        test=dataset.test_count,
        workers=fleet().workers,
        seconds=60.0 * minutes,
    )


@lru_cache(maxsize=64)
def _proposed(facts: Facts, speed: Speed, start: Start | None) -> Plan:
    """Kept, since each change of a form asks for it again."""
    return propose(facts, speed, start)


def _brought(user: AbstractBaseUser, dataset: Dataset) -> Checkpoint | None:
    """The newest network that was brought in for this data set, of its pictures' size."""
    brought = visible_to(user).filter(can_start=True, origin=Origin.UPLOAD, dataset=dataset)
    return next((one for one in brought[:20] if one.image[1:] == dataset.size), None)


def _why(facts: Facts, plan: Plan, dataset: Dataset) -> str:
    grey = "grey " if facts.image.channels == 1 else ""
    kind = "photographs" if facts.has_photographs else f"small {grey}pictures"
    workers = "one worker" if facts.workers == 1 else f"{facts.workers} workers"
    return (
        f"For {facts.images:,} {kind} ({dataset.shape_text}) of {facts.classes} classes, and"
        f" {time_text(facts.seconds)} on {workers}: {plan.text}; about"
        f" {time_text(plan.seconds)}."
    )


def _longer(facts: Facts, plan: Plan) -> str:
    if plan.longer == plan.config:
        return "More time would buy nothing: all that pays is in it."
    return f"{time_text(LONGER * facts.seconds)} would buy {text_of(plan.longer)}."


def time_text(seconds: float) -> str:
    """A time at hand: "1 h 20 min"."""
    hours, minutes = divmod(round(seconds / 60), 60)
    parts = [f"{hours} h"] * (hours > 0) + [f"{minutes} min"] * (minutes > 0 or not hours)
    return " ".join(parts)
