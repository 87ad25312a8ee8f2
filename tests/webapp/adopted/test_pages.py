"""The form, the drawing, and who may see them."""

import pickle

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.webapp.adopted.driving import prepare
from webapp.adopted.models import AdoptedNetwork
from webapp.datasets.models import Dataset

pytestmark = pytest.mark.usefixtures("in_this_process")

ADDRESS = "/start-networks/"
API = "/api/v1/start-networks/"


def test_a_model_is_asked_for_by_name(alice_client: Client, photos: Dataset) -> None:
    body = {"source": "torchvision", "model": "resnet18", "dataset": "photos", "name": "Mine"}
    answer = alice_client.post(ADDRESS, body)
    network = AdoptedNetwork.objects.get()
    assert answer.status_code == 302 and answer["Location"] == network.get_absolute_url()
    assert (network.name, network.model, network.dataset) == ("Mine", "resnet18", photos)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"source": "torchvision"}, "Choose a model."),
        ({"source": "torchvision", "model": "resnet18"}, "Choose the data set"),
        ({"source": "torchvision", "model": "nonsense"}, "nonsense"),
        ({"source": "program", "dataset": "photos"}, "Choose a .pt2 file"),
        ({"source": "checkpoint"}, "Choose the zip"),
    ],
)
def test_what_is_missing_is_said_beside_its_field(
    body: dict[str, str], says: str, alice_client: Client, photos: Dataset
) -> None:
    answer = alice_client.post(ADDRESS, body)
    assert answer.status_code == 400 and says in answer.content.decode()
    refused = alice_client.post(API, body)
    assert refused.status_code == (400 if says == "nonsense" else 422)
    assert says in refused.content.decode()
    assert not AdoptedNetwork.objects.exists()


def test_pickled_weights_are_refused_unread(alice_client: Client, photos: Dataset) -> None:
    pickled = SimpleUploadedFile("weights.pth", pickle.dumps({"weight": [1.0] * 100}))
    body = {"source": "torchvision", "model": "resnet18", "dataset": "photos", "weights": pickled}
    answer = alice_client.post(ADDRESS, body)
    assert answer.status_code == 400 and "never opened" in answer.content.decode()


def test_the_network_is_drawn_with_a_box_for_each_site(
    resnet: AdoptedNetwork, alice_client: Client
) -> None:
    assert "waiting for <a" in alice_client.get(resnet.get_absolute_url()).content.decode()
    prepare(resnet.pk)
    page = alice_client.get(resnet.get_absolute_url()).content.decode()
    assert page.count('name="sites"') == 16
    assert "layer4.1" in page and "its kernel is" in page


def test_ticks_are_judged_and_counted(resnet: AdoptedNetwork, alice_client: Client) -> None:
    prepare(resnet.pk)
    check = f"{resnet.get_absolute_url()}check/"
    good = alice_client.post(check, {"sites": ["layer1.0.conv1"]}).json()
    assert good["reason"] == "" and good["parameters"] > 11_000_000
    assert alice_client.post(check, {}).json()["reason"]


def test_choosing_sites_asks_a_worker(resnet: AdoptedNetwork, alice_client: Client) -> None:
    prepare(resnet.pk)
    alice_client.post(f"{resnet.get_absolute_url()}sites/", {"sites": ["layer1.0.conv1"]})
    resnet.refresh_from_db()
    assert (resnet.step, resnet.state, resnet.sites) == ("adopt", "queued", ["layer1.0.conv1"])


def test_the_api_goes_the_same_way(alice_client: Client, photos: Dataset) -> None:
    body = {"source": "torchvision", "model": "resnet18", "dataset": "photos"}
    made = alice_client.post(API, body, "application/json")
    assert made.status_code == 201
    prepare(made.json()["id"])
    found = alice_client.get(made["Location"]).json()
    assert found["state"] == "completed" and found["outline"]["model"] == "resnet18"
    sites = alice_client.post(
        f"{made['Location']}sites/", {"sites": ["layer1.0.conv1"]}, "application/json"
    )
    assert sites.status_code == 202 and sites.json()["step"] == "adopt"
    assert "outline" not in alice_client.get(API).json()["results"][0]


def test_nobody_else_sees_it(
    resnet: AdoptedNetwork, bob_client: Client, anonymous_client: Client
) -> None:
    address = resnet.get_absolute_url()
    assert bob_client.get(address).status_code == 404
    assert anonymous_client.get(address).status_code == 302
    assert bob_client.get(f"{API}{resnet.pk}/").status_code == 404
    assert anonymous_client.get(f"{API}{resnet.pk}/").status_code == 401


@pytest.mark.parametrize("action", ["check", "sites", "delete"])
def test_nobody_else_changes_it(
    action: str, resnet: AdoptedNetwork, bob_client: Client, anonymous_client: Client
) -> None:
    address = f"{resnet.get_absolute_url()}{action}/"
    assert bob_client.post(address).status_code == 404
    assert anonymous_client.post(address).status_code == 302
    assert bob_client.delete(f"{API}{resnet.pk}/").status_code == 404
    assert AdoptedNetwork.objects.filter(pk=resnet.pk).exists()


def test_lists_hold_only_ones_own(
    resnet: AdoptedNetwork, alice_client: Client, bob_client: Client
) -> None:
    assert resnet.name in alice_client.get(ADDRESS).content.decode()
    assert bob_client.get(API).json()["count"] == 0
    assert "None yet" in bob_client.get(ADDRESS).content.decode()
