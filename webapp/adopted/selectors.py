"""What pages and the API read of adopted networks: filtered by user first."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet, Sum

from search_engine.spec import Outline, OutlineLayer
from webapp.adopted.models import AdoptedNetwork
from webapp.errors import one_of

User = AbstractBaseUser | AnonymousUser


@dataclass(frozen=True, slots=True)
class BlockRow:
    """Consecutive layers of one block, as the page draws them; widths are shares of the widest."""

    name: str
    layers: tuple["LayerRow", ...]


@dataclass(frozen=True, slots=True)
class LayerRow:
    """One layer: what it is, how wide it is drawn, and whether it has been ticked."""

    layer: OutlineLayer
    short_name: str
    width: int
    chosen: bool


def own(user: User) -> QuerySet[AdoptedNetwork]:
    """The user's adopted networks: nobody else sees them."""
    if not user.is_authenticated:
        return AdoptedNetwork.objects.none()
    return AdoptedNetwork.objects.filter(owner_id=user.pk).select_related("dataset", "checkpoint")


def own_network(user: User, network_id: int) -> AdoptedNetwork:
    """One of the user's. To others it does not exist."""
    return one_of(own(user), "network", pk=network_id)


def used_bytes(user_id: int) -> int:
    """Bytes of the files that a user has uploaded; what is made of them counts as checkpoints."""
    found = AdoptedNetwork.objects.filter(owner_id=user_id).aggregate(total=Sum("bytes"))
    return found["total"] or 0


def outline_of(network: AdoptedNetwork) -> Outline | None:
    """Its layers, once it has been read."""
    return None if network.outline is None else Outline.from_json(network.outline)


def drawn(network: AdoptedNetwork, outline: Outline) -> list[BlockRow]:
    """The network from the image to the classes, block by block."""
    chosen = set(network.sites or outline.default_sites())
    widest = max((layer.out_channels for layer in outline.layers), default=1)
    return [
        BlockRow(name, tuple(_rows(name, list(layers), chosen, widest)))
        for name, layers in groupby(outline.layers, key=lambda layer: layer.block)
    ]


def _rows(
    block: str, layers: list[OutlineLayer], chosen: set[str], widest: int
) -> Iterator[LayerRow]:
    for layer in layers:
        short = layer.name.removeprefix(f"{block}.") if layer.name != block else layer.name
        # The square root, so that narrow layers beside a wide one can still be told apart.
        width = max(2, round(100 * (layer.out_channels / widest) ** 0.5))
        yield LayerRow(layer, short, width, layer.name in chosen)
