"""Alice owns one of everything, Bob was given a look at her search, Charlie is a stranger."""

from collections.abc import Mapping
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from tests.webapp.datasets.conftest import leaves, make_upload
from tests.webapp.searches.conftest import launch, own_files, search
from tests.webapp.searches.driving import work
from tests.webapp.trainings.conftest import tiny
from webapp.accounts import services as accounts
from webapp.accounts.models import Installation, User
from webapp.adopted.models import AdoptedNetwork
from webapp.adopted.names import Source
from webapp.checkpoints.models import Export
from webapp.datasets.files import survey_folder
from webapp.datasets.models import Dataset
from webapp.searches.models import Search
from webapp.trainings import documents
from webapp.trainings import services as final_trainings

__all__ = ["launch", "leaves", "make_upload", "own_files", "search"]


@pytest.fixture
def people(alice: User, bob: User, charlie: User) -> Mapping[str, User | None]:
    """The four."""
    return {"nobody": None, "stranger": charlie, "shared": bob, "owner": alice}


@pytest.fixture
def arguments(search: Search, leaves: Dataset, clothing: Dataset, alice: User) -> dict[str, Any]:
    """What addresses name, by the names of their parts; all of it is Alice's."""
    Installation.objects.get_or_create()
    work(search, trials=1)
    trial = search.trials.select_related("checkpoint").get(number=1)
    Export.objects.create(checkpoint=trial.checkpoint, kind="onnx")
    training = final_trainings.launch(
        search.owner, search.pk, 1, documents.checked(tiny(trial), search, trial)
    )[0]
    network = AdoptedNetwork.objects.create(owner=search.owner, source=Source.TORCHVISION)
    Dataset.objects.filter(pk=leaves.pk).update(surveyed=survey_folder(leaves.pk, 1))
    picture = f"{survey_folder(leaves.pk, 1)}/fit-crop.png"
    default_storage.save(picture, ContentFile(b"a picture"))
    token, _ = accounts.issue_token(alice, name="Mine", expires_at=None)
    return {
        "search_id": search.pk,
        "number": 1,
        "dataset_id": leaves.pk,
        "class_index": 0,
        "checkpoint_id": trial.checkpoint.pk,
        "name": "fit-crop",
        "form": "onnx",
        "training_id": training.pk,
        "network_id": network.pk,
        "pk": token.pk,
    }
