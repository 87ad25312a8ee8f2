"""What pages and the API read of start networks: filtered by user first."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from search_engine.architecture import Outline, OutlineLayer
from webapp.errors import ProductError
from webapp.start_networks.models import StartNetwork

User = AbstractBaseUser | AnonymousUser
NOT_FOUND = "There is no such start network, or it is not yours to see."


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


def own(user: User) -> QuerySet[StartNetwork]:
    """Those of the user: nobody else sees them."""
    if not user.is_authenticated:
        return StartNetwork.objects.none()
    return StartNetwork.objects.filter(owner_id=user.pk).select_related("dataset", "checkpoint")


def own_network(user: User, network_id: int) -> StartNetwork:
    """One of the user's. To others it does not exist."""
    found = own(user).filter(pk=network_id).first()
    if found is None:
        raise ProductError(NOT_FOUND, "not_found")
    return found


def outline_of(network: StartNetwork) -> Outline | None:
    """Its layers, once it has been read."""
    return None if network.outline is None else Outline.from_json(network.outline)


def drawn(network: StartNetwork, outline: Outline) -> list[BlockRow]:
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
