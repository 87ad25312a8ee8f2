"""Adopted networks as JSON: one shape for pages and API."""

from typing import Any, TypedDict

from webapp.adopted.models import AdoptedNetwork


class AdoptedNetworkJSON(TypedDict):
    """A network as lists show it; `checkpoint` is what was made of it.

    `state` is that of its `step`, and `progress` says how far that is while a worker is at it.
    """

    id: int
    name: str
    source: str
    model: str
    pretrained: str
    normalisation: str
    dataset: str | None
    step: str
    state: str
    progress: dict[str, Any] | None
    failure: str
    sites: list[str]
    checkpoint: int | None
    created_at: str


class AdoptedNetworkDetailJSON(AdoptedNetworkJSON):
    """A network with its layers, once it has been read."""

    outline: dict[str, Any] | None


def network_json(network: AdoptedNetwork) -> AdoptedNetworkJSON:
    return {
        "id": network.pk,
        "name": network.name,
        "source": network.source,
        "model": network.model,
        "pretrained": network.pretrained,
        "normalisation": network.normalisation,
        "dataset": network.dataset.engine_name if network.dataset else None,
        "step": network.step,
        "state": network.state,
        "progress": network.progress,
        "failure": network.failure,
        "sites": network.sites,
        "checkpoint": network.checkpoint_id,
        "created_at": network.created_at.isoformat(),
    }


def network_detail_json(network: AdoptedNetwork) -> AdoptedNetworkDetailJSON:
    return {**network_json(network), "outline": network.outline}
