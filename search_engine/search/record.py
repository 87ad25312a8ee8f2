"""All trials of a search so far, and what they say: the best, the control, the winner."""

import statistics
from collections.abc import Iterable
from dataclasses import dataclass

from search_engine.search.trials import EndedTrial, Trial
from search_engine.spec.trial import Role


@dataclass(frozen=True, slots=True)
class Found:
    """The winner of a search, or its control.

    Args:
        network: number of the trial whose network it is: of a finalist that was trained several
            times, the best by the validation images.
        accuracies: on the validation images, of each time that it was confirmed; of the trial
            itself where nothing was confirmed.
    """

    finalist: EndedTrial
    network: int
    accuracies: tuple[float, ...]


class Record:
    """The trials of a search.

    Args:
        is_chain: whether each control goes on from the one before it, and the last one counts; else
            they are one training with several seeds.
        finalists: how many of the best children are confirmed.
    """

    def __init__(self, *, is_chain: bool, finalists: int) -> None:
        self.in_flight: dict[int, Trial] = {}
        self.ended: list[EndedTrial] = []
        self._is_chain = is_chain
        self._most_finalists = finalists
        self._places: dict[int, int] = {}

    def extend(self, ended: Iterable[EndedTrial]) -> None:
        """Add trials that have ended."""
        for one in ended:
            self._places[one.number] = len(self.ended)
            self.ended.append(one)

    def replace(self, ended: EndedTrial) -> None:
        """Put a trial in the place of its earlier self."""
        self.ended[self._places[ended.number]] = ended

    def find(self, number: int) -> EndedTrial | None:
        """The ended trial of that number."""
        place = self._places.get(number)
        return None if place is None else self.ended[place]

    def trials(self, role: Role) -> list[Trial]:
        """The trials of a role that were asked for, in the order of their numbers."""
        trials = (*(ended.trial for ended in self.ended), *self.in_flight.values())
        return sorted((t for t in trials if t.role is role), key=lambda trial: trial.number)

    def ended_as(self, role: Role) -> list[EndedTrial]:
        """The ended trials of a role, in the order in which they ended."""
        return [ended for ended in self.ended if ended.trial.role is role]

    def ranked(self) -> list[EndedTrial]:
        """The completed children, the best first; of equals the first."""
        completed = [e for e in self.ended_as(Role.CHILD) if e.result.failure is None]
        return sorted(completed, key=lambda ended: (-ended.reward, ended.number))

    def generation(self, trial: Trial) -> int:
        """How many steps it is away from the start network."""
        steps = 1
        while (parent := self.find(trial.parent)) is not None:
            trial = parent.trial
            steps += 1
        return steps

    def finalists(self) -> list[EndedTrial]:
        """What is confirmed: the best children, and the end of a chain of controls."""
        best = [ended for ended in self.ranked() if ended.is_trained][: self._most_finalists]
        chain = self._controls()[-1:] if self._is_chain and best else []
        return [*best, *chain]

    @property
    def winner(self) -> Found | None:
        """The finalist with the best mean; where nobody was confirmed, the best child."""
        children = [ended for ended in self.ranked() if ended.is_trained]
        confirmed = [child for child in children if self._confirmations(child)]
        if confirmed:
            return self._found(max(confirmed, key=lambda c: (self._mean_reward(c), -c.number)))
        return self._found(children[0]) if children else None

    @property
    def control(self) -> Found | None:
        """The start network, trained as the winner was, that the winner is compared with."""
        controls = self._controls()
        if not controls:
            return None
        if self._is_chain:
            return self._found(controls[-1])
        best = max(controls, key=lambda ended: (ended.reward, -ended.number))
        return Found(best, best.number, tuple(e.result.accuracy or 0.0 for e in controls))

    def needed(self) -> set[int]:
        """Numbers of the trials whose networks must be kept, but for what the strategy needs: of
        parents of what is under way or shall be trained once more, and of what was found."""
        needed = {trial.parent for trial in self.in_flight.values()}
        needed |= {ended.number for ended in self.ended_as(Role.CONFIRMATION)}
        for found in (*self._controls(), *self.finalists()):
            needed |= {found.number, found.trial.parent}
        return needed - {0}

    def _controls(self) -> list[EndedTrial]:
        return [ended for ended in self.ended_as(Role.CONTROL) if ended.is_trained]

    def _confirmations(self, finalist: EndedTrial) -> list[EndedTrial]:
        again = self.ended_as(Role.CONFIRMATION)
        return [e for e in again if e.trial.repeats == finalist.number and e.is_trained]

    def _mean_reward(self, finalist: EndedTrial) -> float:
        return statistics.fmean(ended.reward for ended in self._confirmations(finalist))

    def _found(self, finalist: EndedTrial) -> Found:
        times = self._confirmations(finalist) or [finalist]
        best = max(times, key=lambda ended: (ended.reward, -ended.number))
        return Found(finalist, best.number, tuple(e.result.accuracy or 0.0 for e in times))
