"""What a log is about: a search, a checkpoint, a data set and so on."""

from typing import Final, NamedTuple

USER: Final = "user"
"""Topics of this kind tell somebody what has come into their lists, and what has gone."""


class Topic(NamedTuple):
    """Something that people watch: a kind such as `search`, and the row's id."""

    kind: str
    id: int
