from typing import Any

from django.db import migrations
from django.db.models import OuterRef, Q, Subquery


def fill(apps: Any, schema_editor: Any) -> None:
    """That of its search; else what it was made for, or what it says it was trained on."""
    Checkpoint = apps.get_model("checkpoints", "Checkpoint")
    Search = apps.get_model("searches", "Search")
    Dataset = apps.get_model("datasets", "Dataset")
    StartNetwork = apps.get_model("adopted", "StartNetwork")
    of_search = Search.objects.filter(pk=OuterRef("search_id")).values("dataset_id")[:1]
    Checkpoint.objects.filter(search__isnull=False).update(dataset_id=Subquery(of_search))
    made_for = StartNetwork.objects.filter(checkpoint_id=OuterRef("pk"), dataset__isnull=False)
    brought = Checkpoint.objects.filter(search__isnull=True)
    brought.update(dataset_id=Subquery(made_for.values("dataset_id")[:1]))
    for checkpoint in brought.filter(dataset__isnull=True):
        name = (checkpoint.description.get("trained_on") or {}).get("name", "")
        mine = Q(owner__isnull=True) | Q(owner_id=checkpoint.owner_id)
        named = Dataset.objects.filter(mine, Q(engine_name=name) | Q(name=name)).first()
        if named is not None:
            Checkpoint.objects.filter(pk=checkpoint.pk).update(dataset=named)


class Migration(migrations.Migration):
    dependencies = [
        ("checkpoints", "0005_exports_are_work"),
        ("adopted", "0001_initial"),
        ("searches", "0001_initial"),
    ]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
