"""What `search` does: run a search here, watch it in the terminal, stop it and go on later."""

import argparse
from dataclasses import replace
from pathlib import Path

from search_engine.checkpoint import load_checkpoint
from search_engine.command_line.devices import pick_device, set_threads
from search_engine.command_line.interrupts import interruptible
from search_engine.command_line.progress import Progress
from search_engine.command_line.search_network import fit
from search_engine.config import SearchConfig
from search_engine.data import load_dataset
from search_engine.errors import CheckpointError, InvalidConfig, TrainingStopped
from search_engine.presets import preset
from search_engine.report import write_report
from search_engine.runner import Runner
from search_engine.search_data import SearchData
from search_engine.search_folder import REPORT, SearchFolder


def run_search(arguments: argparse.Namespace) -> int:
    """Run or resume a search.

    Returns:
        The exit status: 0, or 130 where Ctrl-C stopped it.

    Raises:
        SearchEngineError: the input is at fault, or the start network cannot be trained.
    """
    folder = SearchFolder(arguments.resume or arguments.out or Path("var") / arguments.preset)
    config = _read_config(arguments, folder)
    dataset = load_dataset(
        config.data.name, folder=arguments.data_folder, download=arguments.download
    )
    start = load_checkpoint(arguments.start) if arguments.start else None
    initial = None
    if not arguments.resume:
        config, initial = fit(arguments, config, dataset, start)
    set_threads(arguments.threads)
    device = pick_device(arguments.device)
    data = SearchData(dataset, config.data, seed=config.seed, device=device)
    with interruptible() as stopped, Progress(config, folder.path) as progress:
        runner = Runner(
            config,
            data,
            folder,
            device=device,
            listener=progress,
            should_stop=stopped,
        )
        progress.watch(runner, data)
        try:
            runner.run(start, initial=initial)
        except TrainingStopped:
            progress.say(_how_to_resume(folder))
            return 130
        finally:
            _report(runner, folder)
        progress.finish()
    return 0


def _read_config(arguments: argparse.Namespace, folder: SearchFolder) -> SearchConfig:
    if arguments.resume:
        fixed = ("data", "epochs", "strategy", "seed", "start", "network", "sites", "weights")
        given = [name for name in fixed if getattr(arguments, name) is not None]
        if given:
            raise InvalidConfig(f"--{given[0]}", "a search that is resumed keeps this setting")
        return _with_budget(folder.read_config(), arguments)
    if folder.exists:
        raise CheckpointError(
            str(folder.path), f"it holds a search already; go on with --resume {folder.path}"
        )
    config = preset(arguments.preset)
    if arguments.data:
        config = replace(config, data=replace(config.data, name=arguments.data))
    if arguments.epochs is not None:
        config = replace(config, recipe=replace(config.recipe, epochs=arguments.epochs))
    if arguments.strategy:
        config = replace(config, strategy=arguments.strategy)
    if arguments.seed is not None:
        config = replace(config, seed=arguments.seed)
    return _with_budget(config, arguments)


def _with_budget(config: SearchConfig, arguments: argparse.Namespace) -> SearchConfig:
    budget = config.budget
    if arguments.trials is not None:
        budget = replace(budget, max_trials=arguments.trials)
    if arguments.seconds is not None:
        budget = replace(budget, max_seconds=arguments.seconds)
    return replace(config, budget=budget)


def _how_to_resume(folder: SearchFolder) -> str:
    return f"Stopped. Go on with: python -m search_engine search --resume {folder.path}"


def _report(runner: Runner, folder: SearchFolder) -> None:
    """Write the report of what there is; before the start network is ready there is nothing."""
    if folder.read_start() is None:
        return
    search = runner.search
    write_report(
        folder.path / REPORT,
        title=folder.path.name,
        config=runner.config,
        start_accuracy=runner.start_accuracy,
        start_cost=search.start.cost,
        trials=[ended.to_json() for ended in search.ended],
        elapsed_seconds=runner.elapsed_seconds,
        spent=search.is_spent(runner.elapsed_seconds),
    )
