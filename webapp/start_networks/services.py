"""What a user asks for of start networks. No torch."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction

from webapp.datasets.models import Dataset
from webapp.errors import ProductError, engine_errors_as_product_errors
from webapp.start_networks import lifecycle, selectors
from webapp.start_networks.models import Source, StartNetwork, Step

BUSY = "A worker is at this network now. Wait until it has ended."


@transaction.atomic
def add(
    user: AbstractBaseUser,
    source: Source,
    *,
    name: str = "",
    model: str = "",
    dataset: Dataset | None = None,
    uploads: Mapping[str, File[Any]] | None = None,
) -> StartNetwork:
    """Keep the files, and have the network read in the background.

    Args:
        user: its owner.
        source: where it comes from.
        name: for people.
        model: torchvision's name of it.
        dataset: whose images and classes it is to fit.
        uploads: files by the name under which they are kept.
    """
    uploads = uploads or {}
    is_checkpoint = source == Source.CHECKPOINT
    network = StartNetwork(
        owner_id=user.pk,
        name=" ".join(name.split())[:120] or model or source.label,
        source=source,
        model=model,
        dataset=None if is_checkpoint else dataset,
        files=sorted(uploads),
        step=Step.ADOPT if is_checkpoint else Step.READ,
    )
    lifecycle.created(network)
    for file_name, file in uploads.items():
        default_storage.save(f"{network.folder}/{file_name}", file)
    return network


def choose_sites(user: AbstractBaseUser, network_id: int, sites: Sequence[str]) -> StartNetwork:
    """Have the checkpoint made with the cell at these sites.

    Raises:
        ProductError: sites that do not fit together, or it has not been read.
    """
    network = selectors.own_network(user, network_id)
    outline = selectors.outline_of(network)
    if outline is None:
        raise ProductError("This network has not been read yet.", "conflict")
    with engine_errors_as_product_errors():
        outline.config(sites)
    if not lifecycle.sites_chosen(network.pk, sites):
        raise ProductError(BUSY, "conflict")
    network.refresh_from_db()
    return network


def delete(user: AbstractBaseUser, network_id: int) -> None:
    """Delete it with its uploaded files; its checkpoint stays."""
    lifecycle.deleted(selectors.own_network(user, network_id))
