"""What workers do with data sets, and who may watch them: said when Django starts."""

from collections.abc import Mapping, Set
from typing import Any

from django.contrib.auth import get_user_model

from webapp.accounts import quota
from webapp.accounts.quota import Part
from webapp.datasets.files import dataset_folder
from webapp.datasets.json import progress_json
from webapp.datasets.models import Dataset
from webapp.datasets.selectors import used_bytes, visible_datasets
from webapp.live import registry
from webapp.live.registry import TopicKind
from webapp.storage import folders
from webapp.work import kinds
from webapp.work.kind import Kind
from webapp.work.models import Request
from webapp.work.queue import CPU


class _PreparationKind(Kind[Dataset]):
    def may_request(self, row: Dataset, request: Request) -> bool:
        return row.state != "" and super().may_request(row, request)


PREPARATION = _PreparationKind(
    name="dataset",
    label="This data set",
    rows=Dataset,
    queue=CPU,
    body="webapp.datasets.worker:prepare",
    topic=lambda row: row.topic,
    title=lambda row: f"Preparing {row.name}",
    address=Dataset.get_absolute_url,
    visible=visible_datasets,
    owner="owner",
    group="pk",
)


def readers(ids: Set[int], users: Set[int]) -> Mapping[tuple[int, int], bool]:
    """Everybody sees what is published, and nobody may change it; admins own all the rest."""
    rows = Dataset.objects.filter(pk__in=ids).values_list("pk", "owner_id")
    known = get_user_model().objects.filter(pk__in=users).values_list("pk", "is_superuser")
    return {
        (pk, user): owner is not None
        for pk, owner in rows
        for user, is_admin in known
        if owner is None or owner == user or is_admin
    }


def present(dataset_id: int, owns: bool) -> Mapping[str, Any]:
    dataset = Dataset.objects.filter(pk=dataset_id).first()
    return {} if dataset is None else {"dataset": progress_json(dataset)}


DATASET = TopicKind(
    name="dataset",
    path="datasets",
    id_name="dataset_id",
    rows=Dataset,
    readers=readers,
    present=present,
)


def register() -> None:
    # A preparation under way notices, and clears up behind itself.
    folders.go_with(Dataset, lambda row: dataset_folder(row.pk))
    kinds.register(PREPARATION)
    quota.register(Part("Data sets", "datasets", used_bytes))
    registry.register(DATASET)
