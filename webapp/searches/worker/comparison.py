"""Winner, control and start network of a search meet the test images. Worker side."""

from search_engine.search.comparison import Entrant
from search_engine.search.comparison import compare as compare_networks
from search_engine.search.record import Found
from search_engine.spec.comparison import Comparison
from webapp.searches.coordinator import engine_state
from webapp.searches.models import Search, SearchComparison
from webapp.searches.worker import memory as worker_memory
from webapp.work.device import device
from webapp.work.runner import Hold, WorkRefused


def compare(row: SearchComparison, hold: Hold[SearchComparison]) -> None:
    """Compare them, which completes the search."""
    found = _compare(row.search, hold)

    def then(ended: SearchComparison) -> None:
        ended.search.comparison = found.to_json()
        ended.search.save(update_fields=["comparison"])

    hold.complete(then=then)


def _compare(search: Search, hold: Hold[SearchComparison]) -> Comparison:
    engine, version = engine_state.read(search)
    engine_state.remember(search, engine, version)
    winner, control = engine.record.winner, engine.record.control
    if winner is None:
        raise WorkRefused("No network was trained to the end, so there is none to compare.")
    warm = worker_memory.warm(search)
    if not len(warm.data.splits.test):
        raise WorkRefused("The data set has no test images to compare networks on.")
    return compare_networks(
        warm.start,
        None if control is None else _entrant(search, control),
        _entrant(search, winner),
        warm.data,
        device=device(),
        measure_latency=warm.config.measure_latency,
        should_stop=hold.should_stop,
        tell=hold.tell_share,
    )


def _entrant(search: Search, found: Found) -> Entrant:
    return Entrant(worker_memory.trial_network(search.pk, found.network), found.network)
