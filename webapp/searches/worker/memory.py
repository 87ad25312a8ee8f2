"""What a worker process keeps between trials: images on the device, and networks."""

from collections import OrderedDict
from dataclasses import dataclass
from functools import partial

from search_engine.checkpoint import load_checkpoint
from search_engine.data import SplitDataset
from search_engine.networks import Network
from search_engine.search.evaluation import Evaluator
from search_engine.spec.errors import CheckpointError
from search_engine.spec.search_config import SearchConfig
from webapp.checkpoints import files
from webapp.checkpoints.models import Checkpoint, Origin
from webapp.datasets.worker import load_images
from webapp.searches.models import Search
from webapp.work.causes import WorkDelayed
from webapp.work.device import device as device
from webapp.work.device import forget as forget
from webapp.work.device import may_forget

MAX_SEARCHES = 2


@dataclass(frozen=True)
class Warm:
    """A search's parts on the device."""

    config: SearchConfig
    data: SplitDataset
    start: Network
    evaluator: Evaluator


_warm: OrderedDict[tuple[int, str], Warm] = OrderedDict()


def load_data(search: Search, config: SearchConfig) -> SplitDataset:
    """The search's images, divided, on the device."""
    images = load_images(search.dataset)
    return SplitDataset(
        images,
        config.data,
        seed=config.split_seed,
        device=device(),
        normalisation=config.skeleton.own_normalisation,
    )


def warm(search: Search) -> Warm:
    """The search's parts, from memory where it was evaluated here before."""
    checkpoint = search.checkpoints.get(origin=Origin.START)
    key = (search.pk, checkpoint.sha256)
    if key not in _warm:
        config = SearchConfig.from_json(search.config)
        data = load_data(search, config)
        start = load_kept(checkpoint)
        parent = partial(trial_network, search.pk)
        evaluator = Evaluator(config, data, start, device=device(), parent=parent)
        _warm[key] = Warm(config, data, start, evaluator)
    _warm.move_to_end(key)
    while len(_warm) > MAX_SEARCHES:
        _warm.popitem(last=False)
    return _warm[key]


def trial_network(search_id: int, number: int) -> Network:
    """The network of a trial, from the storage.

    Raises:
        WorkDelayed: its files are not there, or damaged.
        CheckpointError: it is not kept: nothing can grow from it.
    """
    found = Checkpoint.objects.filter(search=search_id, trial__number=number).first()
    if found is None:
        raise CheckpointError(f"network of trial {number}", "it is not kept")
    return load_kept(found)


def load_kept(checkpoint: Checkpoint) -> Network:
    """The network of a checkpoint of ours, on the device.

    Raises:
        WorkDelayed: its files are not there, or damaged.
    """
    try:
        with files.local(checkpoint.folder) as folder:
            return load_checkpoint(folder, device=device())
    except (FileNotFoundError, CheckpointError) as error:
        gone = isinstance(error, FileNotFoundError)
        reason = "gone" if gone else f"damaged ({getattr(error, 'reason', error)})"
        raise WorkDelayed(
            f"The files of “{checkpoint.title}” are {reason}. Put them back from a backup."
        ) from error


may_forget(_warm.clear)
