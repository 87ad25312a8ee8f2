"""The card, its driver and its torch; a team over NCCL; and the tests that need a GPU."""

import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import torch

from benchmarks.gpu.findings import Findings
from benchmarks.gpu.made import CUDA, batches
from search_engine import nvidia
from search_engine.devices import device_faults, has_bfloat16
from search_engine.networks import build_network
from search_engine.spec.final_presets import final_preset
from search_engine.spec.training_events import EpochEnded
from search_engine.training.process_group import SINGLE_PROCESS, DistributedGroup
from search_engine.training.trainer import Trainer

ROOT = Path(__file__).parents[2]
ENGINE_TESTS = (
    "tests/search_engine/training/test_cuda_graphs.py",
    "tests/search_engine/data/test_batches.py",
    "tests/search_engine/test_cost_measurement.py",
)
QUERY = "index,uuid,pci.bus_id,name,driver_version,compute_mode"


def machine(found: Findings) -> None:
    """What is here, and whether it fits together."""
    card = torch.cuda.get_device_properties(CUDA)
    gib = card.total_memory / 2**30
    about = f"{card.name}, sm_{card.major}{card.minor}, {gib:.0f} GiB"
    found.figure("card", f"{about}, {card.multi_processor_count} multiprocessors")
    found.figure("torch", f"{torch.__version__}, cuDNN {torch.backends.cudnn.version()}")
    found.holds("this torch can use every card", not device_faults(), device_faults())
    found.figure("bfloat16 is the default", has_bfloat16(CUDA))
    if shutil.which("nvidia-smi") is not None:
        started = time.perf_counter()
        rows = (nvidia.smi(f"--query-gpu={QUERY}", "--format=csv,noheader") or "").splitlines()
        found.figure(
            "seconds of one heartbeat's nvidia-smi", round(time.perf_counter() - started, 3)
        )
        found.figure("nvidia-smi", rows)
        listed = [gpu.uuid for gpu in nvidia.gpus() or ()]
        mine = f"GPU-{getattr(card, 'uuid', '')}"
        found.holds("torch and nvidia-smi call the card by one UUID", mine in listed, mine)
    found.figure("NVIDIA's MPS", shutil.which("nvidia-cuda-mps-control"))


def team(found: Findings) -> None:
    """A team of one over NCCL: does it run, and what does a step cost beside one that is alone?"""
    chosen = final_preset("paper-pyramidnet-84-300")
    place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29555", "RANK": "0", "WORLD_SIZE": "1"}
    os.environ.update(place)
    group = DistributedGroup(CUDA)
    # A group of one would do without shared norms: here they are what is measured.
    for label, who, graphs in (
        ("alone, eager", SINGLE_PROCESS, False),
        ("alone, recorded", SINGLE_PROCESS, True),
        ("team of one, eager", group, False),
    ):
        network = build_network(chosen.architecture, seed=0, device=CUDA)
        recipe = replace(chosen.recipe, epochs=3)
        trainer = Trainer(
            network, recipe, batches(64 * 6), seed=0, device=CUDA, cuda_graphs=graphs, group=who
        )
        ended = [event for event in trainer.run() if isinstance(event, EpochEnded)]
        found.figure(f"{label}: ms/step", round(64e3 / ended[-1].images_per_second, 1))
    group.close()
    for name in place:
        os.environ.pop(name)


def engine_tests(found: Findings) -> None:
    """The tests that compare a GPU with the CPU, and those of training, on the GPU."""
    # Without the project's settings and tests/conftest.py: a machine for this may lack Django.
    alone = ["-c", os.devnull, "--rootdir", str(ROOT), "-o", f"pythonpath={ROOT}"]
    alone += ["--confcutdir", str(ROOT / "tests" / "search_engine"), "--import-mode=importlib"]
    alone += ["-m"]
    _tests(found, "pytest -m gpu", *alone, "gpu", *ENGINE_TESTS)
    quick = ("not (gpu or thorough or slow)", "tests/search_engine/training")
    _tests(found, "tests of training on this GPU", *alone, *quick, ESPALIER_TEST_DEVICE="cuda")


def web_tests(found: Findings) -> None:
    """Searches through Celery's workers on this GPU, some of which are killed."""
    if find_spec("django") is None or find_spec("pytest_django") is None:
        found.figure("left out", "no Django here")
        return
    places = ("tests/webapp/searches/test_workers.py", "tests/webapp/workers")
    _tests(found, "workers", *places)


def _tests(found: Findings, name: str, *arguments: str, **environment: str) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    try:
        ran = subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=150,
            check=False,
        )
    except subprocess.TimeoutExpired:
        found.holds(name, False, "they took more than 150 s")
        return
    last = (ran.stdout.strip().splitlines() or [ran.stderr[-300:]])[-1]
    found.holds(name, ran.returncode == 0, last)
