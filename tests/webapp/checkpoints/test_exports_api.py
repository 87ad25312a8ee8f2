"""Exports over the API."""

from pathlib import Path

import pytest
from django.test import Client

from search_engine.networks.adopted import adopt, outline_exported
from tests.exporting import export_to, own_net
from tests.webapp.checkpoints.making import make
from webapp.accounts.models import User
from webapp.checkpoints.child import store
from webapp.checkpoints.models import Checkpoint, Export, Origin
from webapp.searches import retention
from webapp.searches.models import Search
from webapp.state import State

pytestmark = pytest.mark.django_db


@pytest.fixture
def address(start: Checkpoint) -> str:
    return f"/api/v1/checkpoints/{start.pk}/exports/"


def test_a_build_is_asked_for_cancelled_and_asked_for_again(client: Client, address: str) -> None:
    asked = client.post(address, {"kind": "onnx"}, content_type="application/json")
    assert (asked.status_code, asked.json()["state"]) == (202, "queued")
    assert client.post(f"{address}onnx/cancel/").json()["state"] == "cancelled"
    assert client.post(f"{address}onnx/cancel/").status_code == 409
    again = client.post(address, {"kind": "onnx"}, content_type="application/json")
    assert (again.status_code, again.json()["id"]) == (202, asked.json()["id"])


def test_a_kind_that_there_is_not_is_refused_beside_its_field(client: Client, address: str) -> None:
    answer = client.post(address, {"kind": "caffe"}, content_type="application/json")
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["kind"])


def test_of_a_program_there_is_no_plain_pytorch_and_the_api_says_why(
    client: Client, alice: User, tmp_path: Path
) -> None:
    program = export_to(own_net(), tmp_path / "own.pt2")
    network = adopt(outline_exported(program).config(), weights=program)
    stored = store(network, "checkpoints/program", accuracy=None, trained_on=None)
    mine = Checkpoint.objects.create(owner=alice, origin=Origin.UPLOAD, name="Own", **stored)
    address = f"/api/v1/checkpoints/{mine.pk}/"
    offered = {one["kind"]: one["why_not"] for one in client.get(address).json()["exports"]}
    (missing,) = [kind for kind, reason in offered.items() if reason]
    assert missing == "pytorch"
    asked = client.post(f"{address}exports/", {"kind": missing}, content_type="application/json")
    assert (asked.status_code, asked.json()["fields"]) == (422, {"kind": offered[missing]})
    assert not Export.objects.exists()
    assert offered[missing] in client.get(f"/checkpoints/{mine.pk}/").content.decode()
    asked = client.post(f"{address}exports/", {"kind": "onnx"}, content_type="application/json")
    assert asked.status_code == 202


def test_a_finished_one_is_told_with_its_report_and_deleted(
    client: Client, address: str, start: Checkpoint
) -> None:
    report = {"bytes": 7, "files": [{"name": "network.onnx", "bytes": 7, "sha256": "a"}]}
    Export.objects.create(
        checkpoint=start, kind="onnx", state=State.COMPLETED, report=report, bytes=7, folder="gone"
    )
    (found,) = client.get(address).json()
    assert (found["report"], found["label"]) == (report, "ONNX")
    assert found["file_name"] == f"espalier-search-{start.search_id}-start-network-onnx.onnx"
    asked = client.post(address, {"kind": "onnx"}, content_type="application/json")
    assert (asked.status_code, asked.json()["state"]) == (200, "completed")
    assert client.delete(f"{address}onnx/").status_code == 204
    assert client.get(address).json() == []


def test_exports_come_in_the_order_of_the_page(
    client: Client, address: str, start: Checkpoint
) -> None:
    for kind in ("pytorch", "onnx", "safetensors"):
        Export.objects.create(checkpoint=start, kind=kind)
    kinds = [found["kind"] for found in client.get(address).json()]
    assert kinds == ["onnx", "safetensors", "pytorch"]


def test_a_checkpoint_with_exports_is_kept_whatever_else_is_found(search: Search) -> None:
    trials = [make(search, Origin.TRIAL) for _ in range(5)]
    Export.objects.create(checkpoint=trials[4], kind="onnx")
    search.config["keep"] = 1
    retention.apply(search, ())
    kept = search.checkpoints.filter(origin=Origin.TRIAL)
    assert set(kept.values_list("pk", flat=True)) == {trials[0].pk, trials[4].pk}


def test_forms_of_one_format_stand_beside_each_other(client: Client, address: str) -> None:
    int8 = {"kind": "onnx", "precision": "int8", "preprocessing": True}
    asked = client.post(address, int8, content_type="application/json")
    assert (asked.status_code, asked.json()["name"]) == (202, "onnx-image-int8")
    assert asked.json()["label"] == "ONNX, pictures in, int8"
    newer = client.post(address, {"kind": "onnx", "opset": 20}, content_type="application/json")
    assert (newer.status_code, newer.json()["opset"]) == (202, 20)
    found = {row["name"]: row["precision"] for row in client.get(address).json()}
    assert found == {"onnx-opset20": "float32", "onnx-image-int8": "int8"}
    assert client.post(f"{address}onnx-opset20/cancel/").json()["state"] == "cancelled"


@pytest.mark.parametrize(
    ("body", "field", "status"),
    [
        ({"kind": "pytorch", "precision": "int8"}, "kind", 422),
        ({"kind": "onnx", "precision": "int4"}, "precision", 400),
        ({"kind": "onnx", "opset": 12}, "opset", 400),
    ],
)
def test_what_cannot_be_chosen_is_refused_beside_its_field(
    client: Client, address: str, body: dict[str, object], field: str, status: int
) -> None:
    answer = client.post(address, body, content_type="application/json")
    assert answer.status_code == status and any(field in name for name in answer.json()["fields"])
    assert not Export.objects.exists()
