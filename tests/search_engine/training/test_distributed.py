"""A final training by two processes: what one process would give, whatever happens to them."""

import multiprocessing
import os
import re
import signal
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from search_engine.checkpoint import load_checkpoint
from search_engine.data import Batches, SplitDataset
from search_engine.networks import build_network
from search_engine.spec.errors import InvalidConfig, TrainingBroken, TrainingStopped
from search_engine.spec.final_result import FinalResult
from search_engine.spec.final_training import FinalTrainingConfig
from search_engine.spec.recipe import ClassWeights
from search_engine.spec.training_events import EpochEnded, Event
from search_engine.training.ddp_worker import train_distributed
from search_engine.training.final_folder import FinalFolder
from search_engine.training.final_training import train_final
from search_engine.training.launch import launch_distributed
from search_engine.training.process_group import SINGLE_PROCESS, DistributedGroup, ProcessGroup
from search_engine.training.trainer import Trainer
from tests.search_engine.training.small import same_weights
from tests.search_engine.training.small_final import SKELETON, config, dataset

pytestmark = pytest.mark.thorough

TWO = ("cpu", "cpu")


def settings() -> FinalTrainingConfig:
    """A training whose last batch of 16 has one image: a process has none of it.

    Gentle and without DropPath, whose draws differ between processes, so that rounding stays small.
    """
    skeleton = replace(SKELETON, drop_path=0.0)
    gentle = config(
        SKELETON.start_cell, skeleton=skeleton, recipe={"learning_rate": 0.005, "epochs": 3}
    )
    return replace(gentle, data=replace(gentle.data, validation=7))


def weights_after_training(group: ProcessGroup, path: Path) -> None:
    """Train in float64, where no rounding hides a mistake, and keep what the network has."""
    skeleton = replace(SKELETON, drop_path=0.0)
    recipe = {"ema_decay": 0.9, "norm_batches": 2, "class_weights": ClassWeights.BALANCED}
    chosen = config(skeleton=skeleton, recipe=recipe)
    data = SplitDataset(dataset(), replace(chosen.data, validation=7), seed=0)
    batches = Batches(
        data.images,
        data.splits.train,
        16,
        statistics=data.statistics,
        augmentation=data.dataset.augmentation,
        dtype=torch.float64,
        share=(group.rank, group.size),
    )
    network = build_network(chosen.architecture, seed=1).double()
    for _ in Trainer(network, chosen.recipe, batches, None, seed=0, group=group).run():
        pass
    save_file({name: t.contiguous() for name, t in network.state_dict().items()}, path)


def in_team(rank: int, port: int, path: Path) -> None:
    """What each of two processes does."""
    torch.set_num_threads(1)
    where = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    os.environ.update(where, RANK=str(rank), WORLD_SIZE="2")
    group = DistributedGroup(torch.device("cpu"))
    weights_after_training(group, path / f"{rank}.safetensors")
    group.close()


def free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return int(server.getsockname()[1])


def test_two_processes_compute_what_one_does(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    port = free_port()
    processes = [context.Process(target=in_team, args=(rank, port, tmp_path)) for rank in (0, 1)]
    for process in processes:
        process.start()
    weights_after_training(SINGLE_PROCESS, tmp_path / "alone.safetensors")
    for process in processes:
        process.join()
    alone = load_file(tmp_path / "alone.safetensors")
    for rank in (0, 1):
        together = load_file(tmp_path / f"{rank}.safetensors")
        for name, tensor in alone.items():
            torch.testing.assert_close(together[name], tensor, rtol=1e-8, atol=1e-10)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> FinalResult:
    """A training on two devices that nothing interrupts."""
    told: list[Event] = []
    folder = tmp_path_factory.mktemp("whole")
    result = launch_distributed(settings(), folder, TWO, dataset=dataset(), listener=told.append)
    assert [event for event in told if isinstance(event, EpochEnded)] == list(result.curve)
    return result


def test_launched_on_two_devices_it_gives_what_one_gives(
    whole: FinalResult, tmp_path: Path
) -> None:
    alone = train_final(settings(), tmp_path, dataset=dataset())
    for mine, other in zip(whole.curve, alone.curve, strict=True):
        assert mine.loss == pytest.approx(other.loss, rel=1e-4)
        assert mine.learning_rate == other.learning_rate
    assert whole.test_loss == pytest.approx(alone.test_loss, rel=1e-3)
    together, network = load_checkpoint(whole.checkpoint), load_checkpoint(tmp_path)
    for weight, same in zip(together.parameters(), network.parameters(), strict=True):
        torch.testing.assert_close(weight, same, rtol=1e-2, atol=1e-4)


def test_stopped_and_killed_in_part_or_at_its_head_it_goes_on_as_if_nothing_had_happened(
    whole: FinalResult, tmp_path: Path
) -> None:
    told: list[Event] = []

    def ended() -> int:
        return sum(isinstance(event, EpochEnded) for event in told)

    def kill_the_second(event: Event) -> None:
        told.append(event)
        if not killed:
            killed.append(member(rank=1))
            os.kill(killed[0], signal.SIGKILL)

    def train() -> FinalResult:
        return launch_distributed(
            settings(),
            tmp_path,
            TWO,
            dataset=dataset(),
            listener=listener,
            should_stop=lambda: stops and ended() > 0,
        )

    killed: list[int] = []
    listener, stops = told.append, True
    with pytest.raises(TrainingStopped):
        train()
    listener, stops = kill_the_second, False
    with pytest.raises(TrainingBroken, match=r"start it again to go on: .*SIGKILL"):
        train()
    kill_the_launching_process(tmp_path)
    # The folder is free only when the processes that were left behind have ended.
    listener = told.append
    resumed = train()
    assert [e.loss for e in resumed.curve] == [e.loss for e in whole.curve]
    assert same_weights(load_checkpoint(tmp_path), load_checkpoint(whole.checkpoint))


def kill_the_launching_process(folder: Path) -> None:
    """In mid-training; the processes that it has launched are left behind."""
    launching = multiprocessing.get_context("spawn").Process(target=launch_and_die, args=(folder,))
    launching.start()
    launching.join()
    assert launching.exitcode == -signal.SIGKILL


def launch_and_die(folder: Path) -> None:
    def die(event: Event) -> None:
        if isinstance(event, EpochEnded):
            os.kill(os.getpid(), signal.SIGKILL)

    launch_distributed(settings(), folder, TWO, dataset=dataset(), listener=die)


def member(rank: int) -> int:
    """Process id of the training's process of that rank, among our descendants."""
    for pid in descendants(os.getpid()):
        variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        if f"RANK={rank}".encode() in variables and b"torch.distributed.run" not in command:
            return pid
    raise AssertionError("there is no such process")


def descendants(pid: int) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield int(child)
            yield from descendants(int(child))


def test_where_all_together_are_slower_one_trains_and_the_result_says_so(tmp_path: Path) -> None:
    longer = replace(settings(), recipe=replace(settings().recipe, epochs=8))
    result = launch_distributed(longer, tmp_path, TWO, dataset=dataset(), if_faster=True)
    kept = FinalFolder(tmp_path)
    found = kept.read_devices(TWO)
    assert found is not None and kept.read_devices(("cpu",)) is None
    chosen, reason = found
    alone, together = map(float, re.findall(r"(\S+) steps/s", reason))
    assert len(chosen) == (2 if together > alone else 1)
    assert (result.devices, len(result.curve)) == (reason, 8)
    assert kept.read_result() == result


def test_a_process_alone_is_no_team(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfig, match="torchrun"):
        train_distributed(settings(), tmp_path, dataset=dataset())


def test_no_devices_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfig, match="devices"):
        launch_distributed(settings(), tmp_path, (), dataset=dataset())


def test_images_that_do_not_fit_are_refused_before_any_process_starts(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfig) as raised:
        launch_distributed(settings(), tmp_path, TWO, dataset=dataset(classes=7))
    assert raised.value.field == "skeleton.classes"
