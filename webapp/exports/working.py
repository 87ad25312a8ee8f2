"""Doing what a row asks for: claim, hold, hand in, and what is made of whatever goes wrong.

Worker side.
"""

import traceback
from collections.abc import Callable
from typing import Any

from django.core.exceptions import ObjectDoesNotExist

from search_engine.errors import SearchEngineError
from webapp import stopping
from webapp.exports.claims import Claims, Row
from webapp.searches.holding import Stop, renewed


class WorkStopped(Exception):
    """It was cancelled, or this worker is to stop."""


class WorkRefused(Exception):
    """This network cannot be dealt with so; says why."""


def work(
    claims: Claims[Row], pk: int, worker: str, action: Callable[[Row, int, Stop], None]
) -> None:
    """Do it, unless somebody else does.

    What the engine refuses fails the row with that reason; a bug fails it with its traceback kept,
    and is raised again for the log.

    Args:
        claims: of the row's kind.
        pk: of the row.
        worker: its name.
        action: gets the row, the token, and what says whether to stop.
    """
    # A stopping worker takes nothing new; recovery sends the message again.
    token = None if stopping.requested() else claims.claimed(pk, worker)
    if token is None:
        return
    stop = Stop(lambda: not claims.is_current(pk, token))
    rows: Any = claims.rows.objects.select_related("checkpoint")
    try:
        with renewed(lambda: claims.lease_renewed(pk, token)):
            action(rows.get(pk=pk), token, stop)
    except WorkStopped:
        claims.interrupted(pk, token, lost=False)
    except (WorkRefused, SearchEngineError) as refused:
        claims.failed(pk, token, str(refused))
    except ObjectDoesNotExist:
        return  # its checkpoint was deleted meanwhile
    except Exception as error:
        reason = f"A fault of Espalier, {type(error).__name__}: {error}"
        claims.failed(pk, token, reason, traceback.format_exc())
        raise
