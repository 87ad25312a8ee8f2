"""Adopted networks as JSON: one shape for pages and API."""

from typing import Any, TypedDict

from webapp.adopted.models import AdoptedNetwork
from webapp.api.shapes import filled


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
    name = network.dataset.engine_name if network.dataset else None
    return filled(AdoptedNetworkJSON, network, dataset=name, checkpoint=network.checkpoint_id)


def network_detail_json(network: AdoptedNetwork) -> AdoptedNetworkDetailJSON:
    return {**network_json(network), "outline": network.outline}
