"""Three hosts that share PostgreSQL, Redis and a bucket of S3, and no disk, work as one machine."""

import hashlib
import io
import os
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import psycopg
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from tests.end_to_end.hosts import INSTALL, Host, network, procfile
from tests.end_to_end.without_browser import Program
from tests.webapp import servers
from tests.webapp.core.commands import manage
from tests.webapp.core.process_tree import until
from tests.webapp.core.test_compose import MAKE_TOKEN

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root makes network namespaces"),
    pytest.mark.skipif(shutil.which("ip") is None, reason=f"there is no `ip`: {INSTALL}"),
]

PORT = "8000"
CACHE_BYTES = 300_000
SEARCH = {
    "name": "On two hosts",
    "preset": "digits-demo",
    "config": {
        "skeleton": {"blocks": 1},
        "strategy": "grow",
        "strategy_settings": {"parents": 2},
        "start_recipe": {"epochs": 3, "learning_rate": 0.1},
        "start_rounds": {"max_rounds": 1},
        "recipe": {"epochs": 2, "learning_rate": 0.1},
        "budget": {"max_trials": 6},
        "confirmation": {"finalists": 1, "seeds": 2},
        "parallel": 2,
    },
}
FINAL = {"weights": "grown", "recipe": {"epochs": 40, "batch_size": 32}}


@dataclass
class Lab:
    """What the hosts share, and who uses it.

    Args:
        home: with pages, coordinator and clock.
        workers: that train.
    """

    home: Host
    workers: list[Host]
    environment: dict[str, str]
    api: Program

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.environment["ESPALIER_DATABASE_URL"]) as connection:
            return list(connection.execute(query.encode()))

    def stored(self) -> dict[str, int]:
        """All that is in the bucket, with sizes."""
        client = boto3.client(
            "s3",
            endpoint_url=self.environment["ESPALIER_S3_ENDPOINT"],
            aws_access_key_id=self.environment["ESPALIER_S3_ACCESS_KEY"],
            aws_secret_access_key=self.environment["ESPALIER_S3_SECRET_KEY"],
            region_name=self.environment["ESPALIER_S3_REGION"],
        )
        pages = client.get_paginator("list_objects_v2").paginate(Bucket="espalier")
        return {one["Key"]: one["Size"] for page in pages for one in page.get("Contents", [])}

    def ended(self, path: str, seconds: float = 300) -> Any:
        """What is there once a worker is done with it."""

        def look() -> Any:
            found = self.api.get(path)
            return found if found["state"] in ("completed", "failed", "paused") else None

        found = until(look, f"the end of {path}", seconds)
        assert found["state"] == "completed", found
        return found

    def manage(self, *command: str) -> str:
        done = manage(*command, **self.environment, ESPALIER_VAR=str(self.home.folder))
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with ExitStack() as stack:
        address, (home, *workers) = stack.enter_context(network(tmp_path, ["home", "a", "b"]))
        environment = {
            "ESPALIER_DATABASE_URL": stack.enter_context(servers.postgresql(address)),
            "ESPALIER_REDIS_URL": stack.enter_context(servers.redis(address)),
            **stack.enter_context(servers.s3(address)),
            "ESPALIER_SECRET_KEY": "x1" * 30,
            "ESPALIER_HTTPS": "0",
            "ESPALIER_ALLOWED_HOSTS": home.address,
            "ESPALIER_CACHE_BYTES": str(CACHE_BYTES),
            "CUDA_VISIBLE_DEVICES": "",
            "OMP_NUM_THREADS": "1",
            "PYTHONWARNINGS": "ignore:You're running the worker with superuser",
        }
        lab = Lab(home, workers, environment, Program(f"http://{home.address}:{PORT}", ""))
        lab.manage("migrate", "--verbosity", "0")
        token = lab.manage("shell", "--verbosity", "0", "--command", MAKE_TOKEN).strip()
        lab.api = Program(f"http://{home.address}:{PORT}", token)
        web = procfile("web", ESPALIER_HOST="0.0.0.0", ESPALIER_PORT=PORT)
        home.start(web, environment)
        home.start(procfile("cpu", cpu="cpu@home"), environment)
        home.start(procfile("clock", clock="clock@home"), environment)
        for host in workers:
            host.start(procfile("gpu", gpu=f"gpu@{host.folder.name}"), environment)
        yield lab
        for host in (home, *workers):
            print((host.folder / "said.log").read_text())


def test_a_search_a_final_training_and_exports_on_hosts_without_a_shared_disk(lab: Lab) -> None:
    until(lambda: answers(lab), "that pages are there", 120)
    uploaded = lab.api.post_file("/datasets/", "digits.zip", digits())
    dataset = lab.ended(f"/datasets/{uploaded['id']}/")

    data = {"name": dataset["engine_name"], "validation": 100, "calibration": 50}
    asked = {**SEARCH, "config": {**SEARCH["config"], "data": data}}  # type: ignore[dict-item]
    search = lab.ended(f"/searches/{lab.api.post('/searches/', asked)['id']}/", 600)
    trials = f"FROM searches_trial WHERE search_id = {search['id']}"
    by = {name for (name,) in lab.rows(f"SELECT DISTINCT worker {trials}")}
    assert by == {"gpu@a", "gpu@b"}
    assert lab.rows(f"SELECT count(*) {trials} AND parent IS NOT NULL") > [(0,)]

    checkpoint = trained_on_two_hosts(lab, search)
    path = f"/checkpoints/{checkpoint}"
    for form in ("onnx", "safetensors"):
        lab.api.post(f"{path}/exports/", {"kind": form})
        export = lab.ended(f"{path}/exports/{form}/")
        content = lab.api.download(f"{path}/exports/{form}/download/")
        if form == "onnx":
            assert hashlib.sha256(content).hexdigest() == export["sha256"]
    zipped = zipfile.ZipFile(io.BytesIO(lab.api.download(f"{path}/download/")))
    assert any(name.endswith("weights.safetensors") for name in zipped.namelist())

    assert "no differences" in lab.manage("verify_files")
    assert sum(lab.stored().values()) > 2 * CACHE_BYTES
    assert not any(name.startswith("trainings/") for name in lab.stored()), "it has ended"
    for host in (lab.home, *lab.workers):
        assert kept(host.folder / "cache") <= CACHE_BYTES
        assert not (host.folder / "files").exists()


def trained_on_two_hosts(lab: Lab, search: Any) -> int:
    """A final training whose host dies in its midst; another goes on. The checkpoint's number."""
    ((description,),) = lab.rows(
        "SELECT c.description FROM checkpoints_checkpoint c JOIN searches_trial t ON c.trial_id ="
        f" t.id WHERE t.search_id = {search['id']} AND t.number = {search['best_trial']}"
    )
    skeleton = description["architecture"]["skeleton"]  # grown weights fit into their own
    config = {**FINAL, "skeleton": skeleton}
    asked = {"search": search["id"], "trial": search["best_trial"], "config": config}
    training = lab.api.post("/final-trainings/", asked)["id"]
    place = f"trainings/{training}/"

    def copied() -> bool:
        names = [name for name in lab.stored() if name.startswith(place)]
        return any(name.endswith("training.safetensors") for name in names)

    until(copied, "that its state is in the bucket", 120)
    (before,) = lab.rows(f"SELECT worker FROM trainings_training WHERE id = {training}")
    next(host for host in lab.workers if before == (f"gpu@{host.folder.name}",)).power_off()
    ended = lab.ended(f"/final-trainings/{training}/", 300)
    (after,) = lab.rows(f"SELECT worker FROM trainings_training WHERE id = {training}")
    assert before != after
    told = lab.rows(
        "SELECT e.kind, e.payload FROM live_event e JOIN live_log l ON e.log_id = l.id WHERE"
        f" l.kind = 'search' AND l.topic_id = {search['id']} ORDER BY e.sequence"
    )
    at = max(place for place, (kind, _) in enumerate(told) if kind == "final_training.started")
    epochs = [event["epoch"] for kind, event in told[at:] if kind == "final_training.progress"]
    assert epochs[0] > 1, "it goes on, and does not begin anew"
    return int(ended["checkpoint"])


def answers(lab: Lab) -> bool:
    try:
        return bool(lab.api.get("/searches/")["count"] == 0)
    except OSError:
        return False


def digits() -> bytes:
    """Real pictures, a folder for each class."""
    found, packed = load_digits(), io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number, (pixels, label) in enumerate(zip(found.images, found.target, strict=True)):
            if number < 900:
                picture = io.BytesIO()
                Image.fromarray((pixels * 15).astype("uint8")).save(picture, "PNG")
                archive.writestr(f"{label}/{number}.png", picture.getvalue())
    return packed.getvalue()


def kept(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
