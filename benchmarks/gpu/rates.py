"""How fast: steps of the paper's networks, kernels, children together, a whole trial."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import torch
from torch import nn

from benchmarks.gpu.findings import Findings
from benchmarks.gpu.made import CHOSEN, CUDA, PAPER, architecture, batches, images, make, speed
from search_engine.data import SplitDataset
from search_engine.networks import build_network
from search_engine.recording import Replayed
from search_engine.search.evaluation import Evaluator
from search_engine.search.search import Search
from search_engine.spec import Architecture
from search_engine.spec.recipe import Precision, Recipe
from search_engine.training.device import free_memory, settle
from search_engine.training.step import TrainStep

MPS = "nvidia-cuda-mps-control"
SEARCH_STEPS = 500 * 20 * 688
"""Of the paper's search: 44,000 images in batches of 64."""


def speeds(found: Findings) -> None:
    """Steps a second, by how they are made, and the hours of the paper's search."""
    table: dict[str, dict[str, float]] = {}
    for name in (*CHOSEN, "TreeCell-A"):
        row = table[name] = {
            "eager bf16": speed(make(name), graphs=False, precision=Precision.BFLOAT16, steps=30),
            "graph bf16": speed(make(name), graphs=True, precision=Precision.BFLOAT16),
            "graph tf32": speed(make(name), graphs=True, precision=Precision.FLOAT32),
        }
        found.figure(f"steps/s, {name}", {column: round(rate, 1) for column, rate in row.items()})
    for column in ("eager bf16", "graph bf16", "graph tf32"):
        rates = [table[name][column] for name in CHOSEN if name != "start"]
        mean = len(rates) / sum(1 / rate for rate in rates)
        found.figure(f"hours of the paper's search, {column}", round(SEARCH_STEPS / mean / 3600, 2))
    middling = table["child of middling"]
    gain = middling["graph bf16"] / middling["eager bf16"]
    found.at_least("graphs against eager steps, middling child", gain, 2.0)
    large = speed(
        make("child of middling"), graphs=True, precision=Precision.AUTO, batch=256, steps=30
    )
    found.figure("steps/s at batch 256, middling child", round(large, 1))
    found.figure("batches/s of the data path alone", round(_data_rate()))


def _data_rate() -> float:
    data = batches(64 * 200)
    for _ in data.epoch(0):
        pass
    torch.cuda.synchronize()
    started = time.perf_counter()
    for _ in data.epoch(1):
        pass
    torch.cuda.synchronize()
    return 200 / (time.perf_counter() - started)


def kernels(found: Findings) -> None:
    """How many kernels a step has, how long they run, and which take the time."""
    from torch.profiler import ProfilerActivity, profile

    for name, precision in (
        ("child of middling", Precision.BFLOAT16),
        ("child of middling", Precision.FLOAT32),
        ("TreeCell-A", Precision.BFLOAT16),
    ):
        network = make(name)
        settle(network, CUDA)
        step = TrainStep(network.train(), Recipe(precision=precision))
        step.set_learning_rate(0.01)
        batch = next(batches(64).epoch(0))
        for _ in range(3):
            step(*batch)
        torch.cuda.synchronize()
        with profile(activities=[ProfilerActivity.CUDA]) as profiled:
            step(*batch)
            torch.cuda.synchronize()
        rows = [
            (event.key[:70], event.count, round(event.self_device_time_total))
            for event in profiled.key_averages()
            if event.self_device_time_total > 0
        ]
        total = (sum(row[1] for row in rows), round(sum(row[2] for row in rows) / 1e3, 3))
        found.figure(f"{name}, {precision}: kernels, their ms", total)
        slowest = sorted(rows, key=lambda row: -row[2])[:12]
        found.figure(f"{name}, {precision}: what takes the time (calls, us)", slowest)


def layouts(found: Findings) -> None:
    """Depthwise convolutions, forward and backward, by how their images lie in memory."""
    formats = {"channels last": torch.channels_last, "contiguous": torch.contiguous_format}
    for side in (32, 16, 8):
        for size in (3, 5, 7):
            row = {
                label: round(_depthwise_microseconds(size, side, layout))
                for label, layout in formats.items()
            }
            found.figure(f"depthwise {size} x {size} at {side} x {side}, bf16: us", row)


def _depthwise_microseconds(size: int, side: int, layout: torch.memory_format) -> float:
    settings = {"device": CUDA, "dtype": torch.bfloat16}
    conv = nn.Conv2d(64, 64, size, padding=size // 2, groups=64, bias=False, **settings)  # type: ignore[arg-type]
    conv.to(memory_format=layout)  # type: ignore[call-overload]
    images = torch.randn(64, 64, side, side, **settings).to(memory_format=layout)  # type: ignore[call-overload]
    images.requires_grad_()
    begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    for step in range(25):
        if step == 5:
            begin.record()
        conv(images).sum().backward()
    end.record()
    end.synchronize()
    return begin.elapsed_time(end) * 1000 / 20


def recorded(seed: int | None) -> Callable[[], object]:
    """A child's step, recorded: each call replays it."""
    network = build_network(architecture(seed), seed=0, device=CUDA)
    settle(network, CUDA)
    step = TrainStep(network.train(), Recipe())
    step.set_learning_rate(0.0)
    replayed, batch = Replayed(step, CUDA), next(batches(64).epoch(0))
    for _ in range(5):
        replayed(*batch)
    return partial(replayed, *batch)


def together(found: Findings) -> None:
    """Several children on one GPU: on streams of one process, and in processes."""
    alone = 0.0
    for count in (1, 2, 4, 8):
        rate = _on_streams(count, seconds=2.0)
        alone = alone or rate
        value = (round(rate), f"{rate / alone:.2f} x")
        found.figure(f"{count} on streams of one process: steps/s together", value)
        free_memory(CUDA)
    for count in (2, 4):
        found.figure(f"{count} processes: steps/s together", _in_processes(count, {}))
    if shutil.which(MPS) is None:
        found.figure("processes under MPS", f"no {MPS} here")
        return
    with tempfile.TemporaryDirectory() as folder:
        own = {"CUDA_MPS_PIPE_DIRECTORY": folder, "CUDA_MPS_LOG_DIRECTORY": folder}
        environment = {**os.environ, **own}
        subprocess.run([MPS, "-d"], env=environment, check=False, timeout=20)
        for count in (2, 4, 8):
            found.figure(f"{count} processes under MPS: steps/s", _in_processes(count, own))
        quit_it = {"input": "quit\n", "text": True, "timeout": 20}
        subprocess.run([MPS], env=environment, check=False, **quit_it)  # type: ignore[call-overload]


def _on_streams(count: int, seconds: float) -> float:
    """Steps a second of so many children together, a stream each, driven by one thread."""
    graphs = [recorded(seed) for seed in range(count)]
    streams = [torch.cuda.Stream() for _ in graphs]
    torch.cuda.synchronize()
    started, done = time.perf_counter(), 0
    while time.perf_counter() - started < seconds:
        for _ in range(20):
            for replay, stream in zip(graphs, streams, strict=True):
                with torch.cuda.stream(stream):
                    replay()
        torch.cuda.synchronize()
        done += 20 * count
    return done / (time.perf_counter() - started)


def _in_processes(count: int, own: Mapping[str, str]) -> object:
    command = [sys.executable, "-m", "benchmarks.gpu", "--replay"]
    processes = [
        subprocess.Popen(
            [*command, str(seed)],
            env={**os.environ, **own},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for seed in range(count)
    ]
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()  # recorded
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.communicate(timeout=60)[0].strip() for process in processes]
    try:
        return round(sum(map(float, said)))
    except ValueError:
        return f"failed: {said}"


def replay_alone(seed: int) -> None:
    """One of several processes: record a child's step, wait for a line, replay for 3 s."""
    replay = recorded(seed)
    print("ready", flush=True)
    sys.stdin.readline()
    started, done = time.perf_counter(), 0
    while time.perf_counter() - started < 3.0:
        for _ in range(20):
            replay()
        torch.cuda.synchronize()
        done += 20
    print(done / (time.perf_counter() - started), flush=True)


def trial(found: Findings) -> None:
    """Two children of the paper's search, an epoch each: where a trial's time goes."""
    one_epoch = replace(PAPER.recipe, epochs=1)
    config = replace(PAPER, recipe=one_epoch, start_recipe=one_epoch, control=0)
    dataset = replace(images(60_000), test=torch.arange(50_000, 60_000))
    data = SplitDataset(dataset, config.data, seed=0, device=CUDA)
    start = build_network(Architecture.start(config.skeleton), seed=0, device=CUDA).eval()
    evaluator = Evaluator(config, data, start, device=CUDA)
    search = Search(config, classes=10, validation_images=len(data.splits.validation))
    found.figure("training images", len(data.splits.train))
    for _ in range(2):
        asked = search.ask(0.0)
        assert asked is not None
        started = time.perf_counter()
        evaluator._child(asked)
        torch.cuda.synchronize()
        born = time.perf_counter() - started
        result = evaluator.evaluate(asked).result
        taught = len(data.splits.train) / max(result.images_per_second, 1e-9)
        search.tell(asked.number, result)
        rest = result.seconds - taught - born
        parts = (round(born, 2), round(taught, 2), round(rest, 2))
        found.figure("a trial of one epoch, s: birth, steps, all else", parts)
        found.holds("its steps were recorded", result.graph_failure is None, result.graph_failure)
        hours = 500 * (born + 20 * (result.seconds - born)) / 3600
        found.figure("hours of 500 such trials of 20 epochs", round(hours, 2))
