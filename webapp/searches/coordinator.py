"""What comes next in a search: tell the engine what has ended, ask it what to try. Worker side.

The engine thinks outside the transaction, which then checks that nobody advanced the search
meanwhile: SQLite has one writer, and progress of other searches must not wait for a controller.
"""

from dataclasses import dataclass
from typing import Any

from search_engine.architecture import cell_to_json, format_cell, transformations_to_json
from search_engine.config import SearchConfig
from search_engine.errors import SearchEngineError
from search_engine.search import EndedTrial
from search_engine.search import Search as EngineSearch
from search_engine.search import Trial as EngineTrial
from search_engine.strategies import Proposal
from search_engine.trial import TrialResult
from webapp.searches import engine_state, lifecycle, retention
from webapp.searches.models import Request, Search, Trial
from webapp.state import State

TRIES = 10


@dataclass(frozen=True)
class Step:
    """What the engine made of the rows that were read."""

    engine: EngineSearch
    version: int
    ended: list[tuple[Trial, EndedTrial]]
    asked: list[EngineTrial]


def advance(search_id: int) -> None:
    """Bring a search as far as it can go now. Called twice, or late, it does no harm."""
    for _ in range(TRIES):
        search = Search.objects.filter(pk=search_id).first()
        if search is None or search.is_ended or not search.is_start_ready:
            break
        version = engine_state.version(search)
        try:
            step = _think(search)
        except SearchEngineError:
            # State and trials are read one after the other: where somebody else's step came in
            # between, they do not fit, and are read again.
            if engine_state.version(search) == version:
                raise
            continue
        if _commit(search, step):
            break
    lifecycle.search_settled(search_id)


def _think(search: Search) -> Step:
    """Tell the trials in the order in which they ended, then ask; nothing is written."""
    engine, version = engine_state.read(search)
    waiting = search.trials.filter(state=State.RUNNING, outcome__isnull=False)
    ended = [(trial, _tell(engine, trial)) for trial in waiting.order_by("evaluated_at", "number")]
    asked: list[EngineTrial] = []
    if search.state == State.RUNNING and search.requested == Request.NONE:
        free = engine.config.parallel - _in_flight(search, ended)
        asked = _ask(engine, free, search.elapsed_seconds)
    return Step(engine, version, ended, asked)


def _in_flight(search: Search, ended: list[tuple[Trial, EndedTrial]]) -> int:
    unfinished = search.trials.filter(state__in=[State.QUEUED, State.RUNNING])
    return unfinished.exclude(pk__in=[trial.pk for trial, _ in ended]).count()


def _ask(engine: EngineSearch, free: int, elapsed_seconds: float) -> list[EngineTrial]:
    asked: list[EngineTrial] = []
    while len(asked) < free and (trial := engine.ask(elapsed_seconds)) is not None:
        asked.append(trial)
    return asked


def _tell(engine: EngineSearch, trial: Trial) -> EndedTrial:
    assert trial.outcome is not None
    result = _result(trial.outcome)
    if trial.record is None:
        return engine.tell(trial.number, result)
    # Tried again: the record changes, but the strategy was told already, and one trial counts once.
    place = next(i for i, e in enumerate(engine.ended) if e.trial.number == trial.number)
    before = engine.ended[place]
    reward = engine.config.objective.reward(
        1 / engine.classes if result.accuracy is None else result.accuracy,
        engine.validation_images,
        result.costs,
    )
    engine.ended[place] = EndedTrial(before.trial, result, reward, before.diagnostics)
    return engine.ended[place]


def _result(outcome: dict[str, Any]) -> TrialResult:
    if "result" in outcome:
        return TrialResult.from_json(outcome["result"])
    return TrialResult(failure=outcome["failure"])


def _commit(seen: Search, step: Step) -> bool:
    """Write state and trials together; False where somebody else advanced the search meanwhile."""
    with lifecycle.locked(seen.pk) as search:
        moved = (search.state, search.requested) != (seen.state, seen.requested)
        if moved or engine_state.version(search) != step.version:
            return False
        told = search.trials.filter(told__isnull=False).count()
        for trial, ended in step.ended:
            again = trial.told
            told += int(again is None)
            _end(search, trial, ended, told if again is None else again)
        # Unless three faults in a row have just ended the search.
        if search.state == State.RUNNING:
            for asked in step.asked:
                lifecycle.trial_created(search, **_fields(asked))
            _complete_if_spent(search, step.engine)
        engine_state.write(search, step.engine, step.version + 1)
        retention.apply(search)
    engine_state.remember(seen, step.engine, step.version + 1)
    return True


def _end(search: Search, trial: Trial, ended: EndedTrial, told: int) -> None:
    trial.refresh_from_db(fields=["pinned"])  # may have changed since the rows were read
    best = search.best_reward
    is_best = ended.result.failure is None and (best is None or ended.reward > best)
    lifecycle.trial_ended(search, trial, record=ended.to_json(), told=told, is_best=is_best)
    retention.keep(search, trial)


def _fields(asked: EngineTrial) -> dict[str, Any]:
    return {
        "number": asked.number,
        "seed": asked.seed,
        "proposal": asked.proposal.to_json(),
        "notation": format_cell(asked.cell),
        "cell": cell_to_json(asked.cell),
        "transformations": transformations_to_json(asked.proposal.growth.transformations),
    }


def _complete_if_spent(search: Search, engine: EngineSearch) -> None:
    unfinished = search.trials.filter(state__in=[State.QUEUED, State.RUNNING]).exists()
    asks = search.requested == Request.NONE
    if asks and not unfinished and engine.is_spent(search.elapsed_seconds):
        lifecycle.search_completed(search)


def engine_trial(trial: Trial, config: SearchConfig) -> EngineTrial:
    """A trial's row as the engine evaluates it."""
    proposal = Proposal.from_json(config.space, trial.proposal)
    return EngineTrial(trial.number, proposal, trial.seed)
