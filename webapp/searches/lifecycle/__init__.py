"""The only place where the state of a search or a trial changes."""

from webapp.searches.lifecycle.searches import (
    can_request,
    search_budget_extended,
    search_changed,
    search_created,
    search_requested,
    search_resumed,
    trial_retried,
)
from webapp.searches.lifecycle.states import COMPARISON, locked, search_ends, search_settled
from webapp.searches.lifecycle.trials import (
    TRIAL,
    Origin,
    origin,
    trial_created,
    trial_ended,
    trial_pinned,
)
from webapp.work.kind import IllegalTransition
