"""`search`: run a search here, watch it in the terminal, stop it and go on later."""

import argparse
from dataclasses import replace
from pathlib import Path

from search_engine.checkpoint import load_checkpoint, read_description
from search_engine.command_line.adopted import (
    NETWORKS,
    is_adopted,
    published_of,
    read_adopted,
    read_start,
    size_of,
)
from search_engine.command_line.hours import search_hours
from search_engine.command_line.options import (
    BUDGET_FLAGS,
    FINE_TUNING_FLAGS,
    SEARCH_FLAGS,
    changed,
    given,
)
from search_engine.command_line.progress import Progress, interruptible
from search_engine.data import Dataset, SplitDataset, load_dataset
from search_engine.devices import pick_device, pick_devices, set_threads
from search_engine.networks import Network
from search_engine.report import write_report
from search_engine.search.folder import REPORT, SearchFolder
from search_engine.search.runner import Runner
from search_engine.spec import (
    FAMILIES,
    AdoptedConfig,
    Architecture,
    ImageShape,
    SkeletonConfig,
    search_space_of,
)
from search_engine.spec.division import in_proportion
from search_engine.spec.errors import CheckpointError, InvalidConfig, TrainingStopped
from search_engine.spec.fine_tuning import fine_tuned
from search_engine.spec.plan import Facts, Start, propose
from search_engine.spec.presets import packed_start, preset
from search_engine.spec.search_config import SearchConfig
from search_engine.speed import measure_speed

_NETWORK = ("start", "network", "sites", "weights", "normalisation", "fine_tune")


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
        config.data.name,
        folder=arguments.data_folder,
        download=arguments.download,
        size=_size(arguments, config),
    )
    if not arguments.resume and config.data.name != preset(arguments.preset).data.name:
        fair = in_proportion(config.data, len(dataset), len(dataset.class_names))
        config = replace(config, data=fair)
    if arguments.minutes is not None:
        config = _planned(arguments, config, dataset)
    start = _read_start(arguments, config)
    initial = None
    if not arguments.resume:
        config, initial = _fit(arguments, config, dataset, start)
    set_threads(arguments.threads)
    devices = pick_devices(arguments.device, config.parallel)
    data = SplitDataset(
        dataset,
        config.data,
        seed=config.split_seed,
        device=devices[0],
        normalisation=config.skeleton.own_normalisation,
    )
    at_once = devices[: config.at_once(len(devices))]
    if hours := search_hours(config, data.splits, at_once):
        print(hours)
    with interruptible() as stopped, Progress(config, folder.path) as progress:
        runner = Runner(
            config, data, folder, devices=devices, listener=progress, should_stop=stopped
        )
        progress.watch(runner, data)
        try:
            runner.run(start, initial=initial)
        except TrainingStopped:
            progress.say(
                f"Stopped. Go on with: python -m search_engine search --resume {folder.path}"
            )
            return 130
        finally:
            _report(runner, folder)
        progress.finish(folder.read_comparison())
    return 0


def _read_config(arguments: argparse.Namespace, folder: SearchFolder) -> SearchConfig:
    settings = given(arguments, SEARCH_FLAGS)
    if arguments.resume:
        fixed = [flag for flag, place in SEARCH_FLAGS.items() if place in settings]
        fixed = [flag for flag in fixed if flag not in BUDGET_FLAGS]
        fixed += [
            f"--{name.replace('_', '-')}"
            for name in _NETWORK
            if getattr(arguments, name) is not None
        ]
        if fixed:
            raise InvalidConfig(fixed[0], "a search that is resumed keeps this setting")
        return changed(folder.read_config(), settings)
    if folder.exists:
        raise CheckpointError(
            str(folder.path), f"it holds a search already; go on with --resume {folder.path}"
        )
    return _told(arguments, preset(arguments.preset))


def _told(arguments: argparse.Namespace, config: SearchConfig) -> SearchConfig:
    """The config as the options change it; what they say of trainings is said of the start, too."""
    settings = given(arguments, SEARCH_FLAGS)
    for place in ("recipe.class_weights", *FINE_TUNING_FLAGS.values()):
        if place in settings:
            settings[f"start_{place}"] = settings[place]
    fine_tunes = arguments.fine_tune
    if fine_tunes is None:
        fine_tunes = published_of(arguments) is not None
    return changed(fine_tuned(config) if fine_tunes else config, settings)


def _planned(arguments: argparse.Namespace, config: SearchConfig, dataset: Dataset) -> SearchConfig:
    """What fits the data set and the minutes at hand, in place of a preset; options change it.

    Raises:
        InvalidConfig: a search is resumed, or there is no time.
    """
    if arguments.resume or arguments.minutes <= 0:
        reason = f"expected a new search, and more than 0, got {arguments.minutes:g}"
        raise InvalidConfig("--minutes", reason)
    set_threads(arguments.threads)
    facts = Facts(
        name=config.data.name,
        image=ImageShape(*dataset.image_shape),
        classes=len(dataset.class_names),
        images=len(dataset),
        test=len(dataset.test),
        seconds=60.0 * arguments.minutes,
    )
    speed = measure_speed(pick_device(arguments.device))
    plan = propose(facts, speed, _brought(arguments, facts))
    print(f"A plan of about {plan.seconds / 60:.0f} min: {plan.text}.")
    if plan.pretrained:
        network = f"--network torchvision:{plan.pretrained} --weights published"
        print(
            f"A pretrained network suits photographs better: {network} trains"
            f" {plan.pretrained_text}, in about {plan.pretrained_seconds / 60:.0f} min."
        )
    return _told(arguments, plan.config)


def _brought(arguments: argparse.Namespace, facts: Facts) -> Start | None:
    """The network that the options name, where it is not one of ours: the plan begins with it."""
    if arguments.network is None or not is_adopted(arguments.network):
        return None
    skeleton, _ = read_adopted(arguments, facts.image, facts.classes)
    published = published_of(arguments)
    if published is not None:
        skeleton = replace(skeleton, normalisation=published.normalisation)
    return Start(skeleton)


def _read_start(arguments: argparse.Namespace, config: SearchConfig) -> Network | None:
    """The trained start network that was given, or that comes with the preset."""
    given_start: Path | None = arguments.start
    if given_start is None and arguments.network is None and not arguments.resume:
        given_start = packed_start(arguments.preset, config)
    return load_checkpoint(given_start) if given_start else None


def _size(arguments: argparse.Namespace, config: SearchConfig) -> tuple[int, int] | None:
    """Height and width to which the images of a folder are resized; None for their own."""
    skeleton = config.skeleton
    if arguments.start:
        skeleton = read_description(arguments.start).architecture.skeleton
    if arguments.resume or (arguments.start and isinstance(skeleton, AdoptedConfig)):
        return skeleton.image.height, skeleton.image.width
    return size_of(arguments)


def _report(runner: Runner, folder: SearchFolder) -> None:
    """Write the report of what there is; before the start network is ready there is nothing."""
    if folder.read_start() is None:
        return
    search = runner.search
    write_report(
        folder.path / REPORT,
        title=folder.path.name,
        config=runner.config,
        start=runner.start,
        start_cost=search.start.cost,
        trials=[ended.to_json() for ended in search.ended],
        validation_images=search.validation_images,
        comparison=folder.read_comparison(),
        elapsed_seconds=runner.elapsed_seconds,
        spent=search.is_spent(runner.elapsed_seconds),
    )


def _fit(
    arguments: argparse.Namespace, config: SearchConfig, dataset: Dataset, start: Network | None
) -> tuple[SearchConfig, Network | None]:
    """The config with the start network that the options name, for a data set's images and classes.

    Args:
        arguments: with `network`, `sites` and `weights`.
        start: a trained start network that was given.

    Returns:
        The config, and the network whose weights the start network's training begins with.

    Raises:
        SearchEngineError: options that do not go together, or no such network, sites or weights.
    """
    image, classes = ImageShape(*dataset.image_shape), len(dataset.class_names)
    _check_network(arguments, start)
    if arguments.network is None:
        skeleton = config.skeleton
        if start is not None and _brings_its_own(start.architecture):
            return _growing_further(arguments, config, start.architecture), None
        return replace(config, skeleton=replace(skeleton, image=image, classes=classes)), None
    skeleton, initial = read_start(arguments, image, classes, config.seed)
    return _with(config, skeleton), initial


def _with(config: SearchConfig, skeleton: SkeletonConfig) -> SearchConfig:
    return replace(config, skeleton=skeleton, space=search_space_of(skeleton, config.space))


def _brings_its_own(architecture: Architecture) -> bool:
    """Whether no preset describes the network: it was adopted, or has grown."""
    skeleton = architecture.skeleton
    is_grown = architecture.cell != skeleton.start_cell or skeleton.widths or skeleton.extra_layers
    return isinstance(skeleton, AdoptedConfig) or bool(is_grown)


def _growing_further(
    arguments: argparse.Namespace, config: SearchConfig, architecture: Architecture
) -> SearchConfig:
    """The config that starts from the network; one whose cell has grown goes on by growing."""
    if architecture.cell != architecture.skeleton.start_cell and arguments.strategy is None:
        config = replace(config, strategy="grow", strategy_settings=())
    return config.started_from(architecture)


def _check_network(arguments: argparse.Namespace, start: Network | None) -> None:
    network = arguments.network
    if network in FAMILIES:
        raise InvalidConfig(
            "--network",
            f"a preset has its own; expected {NETWORKS}, got {network}",
        )
    if network is not None and start is not None:
        raise InvalidConfig("--start", "a checkpoint brings its own network: leave out --network")
    for name in ("sites", "weights", "normalisation"):
        if getattr(arguments, name) is not None and not is_adopted(network or ""):
            raise InvalidConfig(f"--{name}", f"it goes with --network {NETWORKS}")
