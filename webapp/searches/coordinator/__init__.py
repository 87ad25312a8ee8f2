"""What comes next in a search: tell the engine what has ended, ask it what to try. Worker side.

The engine thinks outside the transaction, which then checks that nobody advanced the search
meanwhile: SQLite has one writer, and progress of other searches must not wait for a controller.
"""

from dataclasses import dataclass
from statistics import fmean
from typing import Any

from search_engine.search.search import Search as EngineSearch
from search_engine.search.trials import EndedTrial
from search_engine.search.trials import Trial as EngineTrial
from search_engine.spec import cell_to_json, format_cell
from search_engine.spec.errors import SearchEngineError
from search_engine.spec.search_config import SearchConfig
from search_engine.spec.trial import Role, TrialResult
from search_engine.strategies import Proposal
from webapp import logs
from webapp.searches import lifecycle, retention
from webapp.searches.coordinator import engine_state
from webapp.searches.models import MAX_QUEUED, Request, Search, Trial
from webapp.state import State
from webapp.workers.selectors import fleet

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
    with logs.about(search=search_id):
        _advance(search_id)


def _advance(search_id: int) -> None:
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
        asked = _ask(engine, _free(search, engine, ended), search.elapsed_seconds)
    return Step(engine, version, ended, asked)


def _free(search: Search, engine: EngineSearch, ended: list[tuple[Trial, EndedTrial]]) -> int:
    """How many more trials may be in flight, with no more of them queued than can run soon."""
    unfinished = search.trials.filter(state__in=[State.QUEUED, State.RUNNING])
    in_flight = unfinished.exclude(pk__in=[trial.pk for trial, _ in ended]).count()
    queued = unfinished.filter(state=State.QUEUED).count()
    side_by_side = engine.config.at_once(fleet().workers)
    return min(side_by_side - in_flight, MAX_QUEUED - queued)


def _ask(engine: EngineSearch, free: int, elapsed_seconds: float) -> list[EngineTrial]:
    asked: list[EngineTrial] = []
    while len(asked) < free and (trial := engine.ask(elapsed_seconds)) is not None:
        asked.append(trial)
    return asked


def _tell(engine: EngineSearch, trial: Trial) -> EndedTrial:
    assert trial.outcome is not None
    result = _result(trial.outcome)
    tell = engine.tell if trial.told is None else engine.retell
    return tell(trial.number, result)


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
        if step.ended:
            _keep_control(search, step.engine)
        # Unless three faults in a row have just ended the search.
        if search.state == State.RUNNING:
            for asked in step.asked:
                lifecycle.trial_created(search, **_fields(asked, step.engine))
            _end_if_spent(search, step.engine)
        engine_state.write(search, step.engine, step.version + 1)
        retention.apply(search, step.engine.needed())
    engine_state.remember(seen, step.engine, step.version + 1)
    return True


def _end(search: Search, trial: Trial, ended: EndedTrial, told: int) -> None:
    trial.refresh_from_db(fields=["pinned"])  # may have changed since the rows were read
    best = search.best_reward
    is_best = (
        trial.is_child and ended.result.failure is None and (best is None or ended.reward > best)
    )
    checkpoint = (trial.outcome or {}).get("checkpoint")
    lifecycle.trial_ended(search, trial, ended=ended.to_json(), told=told, is_best=is_best)
    retention.keep(search, trial, checkpoint)


def _keep_control(search: Search, engine: EngineSearch) -> None:
    """What children have to beat, for lists and pages of one trial."""
    control = engine.record.control
    search.control_accuracy = fmean(control.accuracies) if control else None
    search.save(update_fields=["control_accuracy"])


def _fields(asked: EngineTrial, engine: EngineSearch) -> dict[str, Any]:
    cell = engine.architecture(asked).cell
    return {
        "number": asked.number,
        "seed": asked.seed,
        "proposal": asked.proposal.to_json(),
        "role": asked.role.value,
        "repeats": asked.repeats,
        "parent": asked.parent,
        "move": asked.proposal.move or "",
        "notation": format_cell(cell),
        "cell": cell_to_json(cell),
    }


def _end_if_spent(search: Search, engine: EngineSearch) -> None:
    """Nothing is asked for any more, neither control nor confirmation: all that were have ended."""
    unfinished = search.trials.filter(state__in=[State.QUEUED, State.RUNNING]).exists()
    asks = search.requested == Request.NONE
    if asks and not unfinished and engine.is_spent(search.elapsed_seconds):
        lifecycle.search_ends(search)


def engine_trial(trial: Trial, config: SearchConfig) -> EngineTrial:
    """A trial's row as the engine evaluates it."""
    proposal = Proposal.from_json(trial.proposal)
    return EngineTrial(trial.number, proposal, trial.seed, Role(trial.role), trial.repeats)
