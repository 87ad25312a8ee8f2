"""Names of all tasks, and the queue that each takes."""

from enum import StrEnum


class TaskName(StrEnum):
    """What a message may ask for. Its arguments are ids."""

    RUN = "work.run"
    RECOVER_WORK = "work.recover"
    ADVANCE_SEARCH = "searches.advance_search"


ROUTES = {
    TaskName.RECOVER_WORK: "clock",
    TaskName.ADVANCE_SEARCH: "cpu",
}
