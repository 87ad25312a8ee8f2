"""The engine's search between two messages: from rows, and to rows. Worker side only."""

from collections.abc import Mapping
from typing import Any

from safetensors.torch import load, save

from search_engine.search.search import Search as EngineSearch
from search_engine.search.search import SearchState
from search_engine.spec.search_config import SearchConfig
from webapp.searches.models import EngineState, Search
from webapp.work.device import limit_threads

MAX_REMEMBERED = 4

_remembered: dict[int, tuple[EngineSearch, int]] = {}


def read(search: Search) -> tuple[EngineSearch, int]:
    """The engine's search as of the last commit, and the version of that state; 0 is a new one."""
    limit_threads()
    config = SearchConfig.from_json(search.config)
    remembered = _remembered.pop(search.pk, None)
    if remembered is not None and remembered[1] == version(search):
        remembered[0].extend(config.budget)
        return remembered
    kept = EngineState.objects.filter(search=search).first()
    if kept is None:
        assert search.classes is not None
        assert search.validation_images is not None
        images = search.validation_images
        return EngineSearch(config, classes=search.classes, validation_images=images), 0
    state = SearchState(kept.values, load(bytes(kept.tensors)))
    return EngineSearch.from_state(state, config=config, ended=_ended(search)), kept.version


def write(search: Search, engine: EngineSearch, version: int) -> None:
    """Keep the engine's search as the given version, in the transaction of its trials."""
    state = engine.state(whole=False)  # config and ended trials are rows already
    tensors = save(dict(state.tensors))
    EngineState.objects.update_or_create(
        search=search,
        defaults={"version": version, "values": state.values, "tensors": tensors},
    )


def remember(search: Search, engine: EngineSearch, version: int) -> None:
    """Keep what was just committed in memory: the next step need not read all ended trials.

    Whoever reads it takes it out, so a step that fails leaves nothing that was not committed.
    """
    _remembered[search.pk] = (engine, version)
    while len(_remembered) > MAX_REMEMBERED:
        _remembered.pop(next(iter(_remembered)), None)


def forget() -> None:
    _remembered.clear()


def version(search: Search) -> int:
    found = EngineState.objects.filter(search=search).values_list("version", flat=True)
    return found.first() or 0


def _ended(search: Search) -> list[Mapping[str, Any]]:
    """The trials that the engine was told, in that order, as it reads them."""
    told = search.trials.filter(told__isnull=False).order_by("told")
    columns = ("number", "seed", "proposal", "role", "repeats", "result", "reward", "diagnostics")
    names = ("trial", *columns[1:])
    return [dict(zip(names, row, strict=True)) for row in told.values_list(*columns).iterator()]
