"""What a user asks for of adopted networks. No torch."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.files import File
from django.db import transaction

from webapp.accounts import quota
from webapp.adopted import selectors
from webapp.adopted.kinds import ADOPTION
from webapp.adopted.models import AdoptedNetwork, Step
from webapp.adopted.names import Source
from webapp.datasets.models import Dataset
from webapp.disk import require_room
from webapp.errors import ProductError, engine_errors_as_product_errors
from webapp.state import FINAL_STATES
from webapp.storage import folders
from webapp.storage.folders import stored_bytes

BUSY = "A worker is at this network now. Wait until it has ended."


@transaction.atomic
def add(
    user: AbstractBaseUser,
    source: Source,
    *,
    name: str = "",
    model: str = "",
    pretrained: str = "",
    normalisation: str = "",
    dataset: Dataset | None = None,
    uploads: Mapping[str, File[Any]] | None = None,
) -> AdoptedNetwork:
    """Keep the files, and have the network read in the background.

    Args:
        name: for people.
        model: torchvision's or timm's name of it.
        pretrained: which published weights it starts from; none where empty.
        normalisation: of images, that its own weights want; the data set's where empty.
        dataset: whose images and classes it is to fit.
        uploads: files by the name under which they are kept.
    """
    require_room()
    uploads = uploads or {}
    size = sum(file.size for file in uploads.values())
    quota.check_kept(user.pk, size)
    is_checkpoint = source == Source.CHECKPOINT
    network = AdoptedNetwork(
        owner_id=user.pk,
        name=" ".join(name.split())[:120] or model or source.label,
        source=source,
        model=model,
        pretrained=pretrained,
        normalisation=normalisation,
        dataset=None if is_checkpoint else dataset,
        files=sorted(uploads),
        bytes=size,
        step=Step.ADOPT if is_checkpoint else Step.READ,
    )
    ADOPTION.add(network)
    for file_name, file in uploads.items():
        folders.put_file(file, f"{network.folder}/{file_name}")
    return network


def choose_sites(user: AbstractBaseUser, network_id: int, sites: Sequence[str]) -> AdoptedNetwork:
    """Have the checkpoint made with the cell at these sites.

    Raises:
        ProductError: sites that do not fit together, or it has not been read.
    """
    network = selectors.own_network(user, network_id)
    quota.check(user.pk)
    outline = selectors.outline_of(network)
    if outline is None:
        raise ProductError("This network has not been read yet.", "conflict")
    with engine_errors_as_product_errors():
        outline.config(sites)
    if not ADOPTION.again(network, FINAL_STATES, step=Step.ADOPT, sites=list(sites)):
        raise ProductError(BUSY, "conflict")
    network.refresh_from_db()
    return network


def cancel(user: AbstractBaseUser, network_id: int) -> AdoptedNetwork:
    """Give up what a worker does with it, or is to do."""
    network = selectors.own_network(user, network_id)
    ADOPTION.cancel(network.pk)
    network.refresh_from_db()
    return network


def freed_bytes(user: AbstractBaseUser, network_id: int) -> int:
    """What deleting a network frees."""
    return stored_bytes(selectors.own_network(user, network_id).folder)


@transaction.atomic
def delete(user: AbstractBaseUser, network_id: int) -> None:
    """Delete it with its uploaded files; checkpoints that were made of it stay."""
    network = selectors.own_network(user, network_id)
    network.delete()
