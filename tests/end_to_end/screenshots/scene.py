"""An Espalier with everything in it that there is to see, all of it really done by its workers."""

from dataclasses import dataclass, field
from typing import Any

from tests.end_to_end.screenshots.client import Client
from tests.end_to_end.screenshots.shapes import zip_of_photos, zip_of_shapes

PASSWORD = "a quiet orchard wall"
USERS = ("bob", "charlie")
QUICK = {"start_recipe": {"epochs": 2}, "recipe": {"epochs": 1}, "budget": {"max_trials": 3}}
PARAMETERS = ("pk", "dataset_id", "search_id", "checkpoint_id", "training_id", "network_id")
"""Of addresses: what the scene has examples of."""

Names = dict[str, int]


@dataclass
class Scene:
    """Numbers of what there is, by parameter of an address and then by what it shows.

    The first of each is the one to see where an address could show any.
    """

    numbers: dict[str, Names] = field(default_factory=dict)
    trials: Names = field(default_factory=dict)

    def note(self, parameter: str, **names: int) -> None:
        assert parameter in PARAMETERS
        self.numbers.setdefault(parameter, {}).update(names)


def set_scene(client: Client, *, quick: bool) -> Scene:
    """Have everything done that takes its time; minutes.

    Args:
        client: the first account, an administrator.
        quick: three trials instead of 24, to try the pictures out.
    """
    scene = Scene()
    for name in USERS:
        client.post("users/", {"username": name, "password": PASSWORD})
    bob = next(one["id"] for one in client.get("users/")["results"] if one["username"] == "bob")
    token = client.post("tokens/", {"name": "nightly script on the lab server"})
    scene.note("pk", bob=bob)
    assert token["secret"]
    _datasets(client, scene)
    best = _searches(client, scene, quick=quick)
    _results(client, scene, best)
    return scene


def _datasets(client: Client, scene: Scene) -> None:
    kept = client.upload("datasets/", "shapes.zip", zip_of_shapes(3), licence="Our own")
    one_class = client.upload("datasets/", "one-class.zip", zip_of_shapes(1))
    for one in (kept, one_class):
        client.until_ended(f"datasets/{one['id']}/")
    scene.note("dataset_id", uploaded=kept["id"], failed=one_class["id"])
    for shows, broken in (("waits", 0), ("asks", 12)):
        photos = zip_of_photos(broken=broken)
        one = client.upload("datasets/", "holiday.zip", photos, look="needed")
        client.until(f"datasets/{one['id']}/", lambda found: found["state"] == "paused")
        scene.note("dataset_id", **{shows: one["id"]})


def _searches(client: Client, scene: Scene, *, quick: bool) -> Any:
    """One that completes, one whose trials fail; the checkpoint of the best trial."""
    bold = {**QUICK, "recipe": {"epochs": 2, "learning_rate": 1e6}}
    failing = _launch(client, "Far too bold a learning rate", bold)
    digits = _launch(client, "Handwritten digits", QUICK if quick else {})
    client.post(f"searches/{digits}/shares/", {"username": "bob"})
    client.until_ended(f"searches/{failing}/")
    scene.note("search_id", completed=digits, failed=failing)
    ended = client.until_ended(f"searches/{digits}/")
    scene.trials = {"completed": ended["best_trial"], "failed": 1}
    client.post(f"searches/{digits}/trials/{ended['best_trial']}/pin/")
    found = client.get(f"checkpoints/?search={digits}&origin=trial&order=-accuracy")["results"]
    return found[0]


def _results(client: Client, scene: Scene, best: Any) -> None:
    scene.note("checkpoint_id", trial=best["id"])
    exports = f"checkpoints/{best['id']}/exports/"
    for kind in ("onnx", "safetensors"):
        client.post(exports, {"kind": kind})
        client.until_ended(f"{exports}{kind}/")
    wanted = {"search": best["search"], "trial": best["trial"], "preset": "as-searched"}
    config = {"recipe": {"epochs": 6}}
    training = client.post("final-trainings/", {**wanted, "config": config})["id"]
    client.until_ended(f"final-trainings/{training}/")
    scene.note("training_id", completed=training)
    shapes = client.get(f"datasets/{scene.numbers['dataset_id']['uploaded']}/")["engine_name"]
    adopted = {"source": "torchvision", "model": "squeezenet1_1", "dataset": shapes}
    network = client.post("start-networks/", adopted)["id"]
    client.until_ended(f"start-networks/{network}/")
    scene.note("network_id", adopted=network)


def begin_search(client: Client, scene: Scene) -> None:
    """Leave one running, slowly, while the pictures are taken."""
    slow = {"recipe": {"epochs": 20}, "budget": {"max_trials": 60}, "seed": 5}
    running = _launch(client, "Digits, more slowly", {**slow, "start_recipe": {"epochs": 4}})
    client.until(f"searches/{running}/", lambda one: one["trials_completed"] >= 3)
    scene.note("search_id", running=running)


def _launch(client: Client, name: str, config: dict[str, Any]) -> int:
    body = {"name": name, "preset": "digits-demo", "config": config}
    return int(client.post("searches/", body)["id"])
