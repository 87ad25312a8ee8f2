"""The engine's search between two messages: from rows, and to rows. Worker side only."""

from collections.abc import Mapping
from typing import Any

from safetensors.torch import load, save

from search_engine.config import SearchConfig
from search_engine.search import Search as EngineSearch
from search_engine.search import SearchState
from webapp.searches import threads
from webapp.searches.models import EngineState, Search

MAX_REMEMBERED = 4

_remembered: dict[int, tuple[EngineSearch, int]] = {}


def read(search: Search) -> tuple[EngineSearch, int]:
    """The engine's search as of the last commit, and the version of that state; 0 is a new one."""
    threads.limit()
    config = SearchConfig.from_json(search.config)
    remembered = _remembered.pop(search.pk, None)
    if remembered is not None and remembered[1] == version(search):
        remembered[0].config = config  # its budget may have been extended
        return remembered
    kept = EngineState.objects.filter(search=search).first()
    if kept is None:
        assert search.classes is not None
        assert search.validation_images is not None
        images = search.validation_images
        return EngineSearch(config, classes=search.classes, validation_images=images), 0
    values = {**kept.values, "config": search.config, "ended": _ended(search)}
    return EngineSearch.from_state(SearchState(values, load(bytes(kept.tensors)))), kept.version


def write(search: Search, engine: EngineSearch, version: int) -> None:
    """Keep the engine's search as the given version, in the transaction of its trials."""
    # Aside meanwhile: writing thousands of trials out takes a second, and they are rows already.
    ended, engine.ended = engine.ended, []
    try:
        state = engine.state()
    finally:
        engine.ended = ended
    left_out = ("ended", "config")
    values = {name: value for name, value in state.values.items() if name not in left_out}
    EngineState.objects.update_or_create(
        search=search,
        defaults={"version": version, "values": values, "tensors": save(dict(state.tensors))},
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
    names = ("trial", "seed", "proposal", "result", "reward", "diagnostics")
    records = told.values_list("record", flat=True).iterator()
    return [{name: record[name] for name in names} for record in records if record]
