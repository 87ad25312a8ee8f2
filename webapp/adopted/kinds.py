"""What workers do with users' own networks, and who may watch them: said when Django starts."""

from collections.abc import Mapping, Set
from typing import Any

from webapp.accounts import quota
from webapp.accounts.quota import Part
from webapp.adopted.models import AdoptedNetwork, Step
from webapp.adopted.selectors import own, used_bytes
from webapp.live import registry
from webapp.live.registry import TopicKind
from webapp.work import kinds
from webapp.work.kind import Kind
from webapp.work.queue import CPU

_DOING = {Step.READ: "Reading", Step.ADOPT: "Making a checkpoint of"}


class _AdoptionKind(Kind[AdoptedNetwork]):
    def about(self, row: AdoptedNetwork) -> dict[str, Any]:
        return {"id": row.pk, "step": row.step}


ADOPTION = _AdoptionKind(
    name="adopted_network",
    label="This network",
    rows=AdoptedNetwork,
    queue=CPU,
    body="webapp.adopted.worker:prepare",
    topic=lambda row: row.topic,
    title=lambda row: f"{_DOING[Step(row.step)]} {row.name}",
    address=AdoptedNetwork.get_absolute_url,
    visible=own,
    owner="owner",
    group="pk",
)


def readers(ids: Set[int], users: Set[int]) -> Mapping[tuple[int, int], bool]:
    """The owner alone."""
    rows = AdoptedNetwork.objects.filter(pk__in=ids, owner__in=users)
    return dict.fromkeys(rows.values_list("pk", "owner_id"), True)


def present(network_id: int, owns: bool) -> Mapping[str, Any]:
    rows = AdoptedNetwork.objects.filter(pk=network_id).values(
        "state", "step", "progress", "failure"
    )
    return {"network": rows.first()}


ADOPTED = TopicKind(
    name="adopted_network",
    path="start-networks",
    id_name="network_id",
    rows=AdoptedNetwork,
    readers=readers,
    present=present,
)


def register() -> None:
    kinds.register(ADOPTION)
    quota.register(Part("Start networks", "adopted_networks", used_bytes))
    registry.register(ADOPTED)
