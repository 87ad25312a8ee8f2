"""What is gathered while pictures are read: notes, faults, questions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from search_engine.spec.pictures import Fault, Note, Question
from search_engine.spec.pictures_text import hint_of

LISTED = 1000
"""The most names in a note."""
_SHOWN = 50
"""The most names with an option."""


@dataclass
class Findings:
    """Notes, faults and questions so far.

    Args:
        faults: of single files.
        refusals: why the whole cannot be used.
    """

    notes: list[Note] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    refusals: list[Fault] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)

    def note(self, code: str, names: Iterable[str]) -> None:
        """Note something about these files or classes, where there are any."""
        files = list(names)
        if files:
            self.notes.append(Note(code, len(files), tuple(files[:LISTED])))

    def broken(self, code: str, file: str, reason: str) -> None:
        """A file that cannot be read."""
        self.faults.append(_fault(code, file, reason))

    def refuse(self, code: str, file: str, reason: str) -> None:
        """The whole cannot be used."""
        self.refusals.append(_fault(code, file, reason))

    def ask(self, code: str, options: Mapping[str, Iterable[str]]) -> None:
        """Ask which of the options holds."""
        shown = {str(answer): tuple(gives)[:_SHOWN] for answer, gives in options.items()}
        self.questions.append(Question(code, shown))


def _fault(code: str, file: str, reason: str) -> Fault:
    sentence = f"{reason[:1].upper()}{reason[1:]}".rstrip(".")
    return Fault(code, file, " ".join(filter(None, (f"{sentence}.", hint_of(code)))))
