"""What a worker process keeps between trials: images on the device, and start networks."""

import functools
from collections import OrderedDict
from dataclasses import dataclass

import torch

from search_engine.checkpoint import load_checkpoint
from search_engine.command_line.devices import pick_device
from search_engine.config import SearchConfig
from search_engine.evaluation import Evaluator
from search_engine.search_data import SearchData
from webapp.checkpoints import files
from webapp.checkpoints.models import Origin
from webapp.datasets.loading import load_images
from webapp.searches import threads
from webapp.searches.models import Search

MAX_SEARCHES = 2


@dataclass(frozen=True)
class Warm:
    """A search's parts on the device."""

    config: SearchConfig
    data: SearchData
    evaluator: Evaluator


_warm: OrderedDict[tuple[int, str], Warm] = OrderedDict()


@functools.cache
def device() -> torch.device:
    """The device that trains."""
    threads.limit()
    return pick_device(None)


def load_data(search: Search, config: SearchConfig) -> SearchData:
    """The search's images, divided, on the device."""
    images = load_images(search.dataset)
    return SearchData(images, config.data, seed=config.seed, device=device())


def warm(search: Search) -> Warm:
    """The search's parts, from memory where it was evaluated here before."""
    checkpoint = search.checkpoints.get(origin=Origin.START)
    key = (search.pk, checkpoint.sha256)
    if key not in _warm:
        config = SearchConfig.from_json(search.config)
        data = load_data(search, config)
        with files.local(checkpoint.folder) as folder:
            start = load_checkpoint(folder, device=device())
        _warm[key] = Warm(config, data, Evaluator(config, data, start, device=device()))
    _warm.move_to_end(key)
    while len(_warm) > MAX_SEARCHES:
        _warm.popitem(last=False)
    return _warm[key]


def forget() -> None:
    """Give the memory back, after it was full."""
    _warm.clear()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
