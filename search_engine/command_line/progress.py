"""A terminal where something runs: bar, tree under way, best so far, time left; and Ctrl-C."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from search_engine.command_line.drawing import draw_cell
from search_engine.data import SplitDataset
from search_engine.networks import Network
from search_engine.search.runner import Listener, Runner
from search_engine.search.trials import EndedTrial, Trial
from search_engine.spec.comparison import Comparison
from search_engine.spec.measures import Judged, Measure, measured
from search_engine.spec.noise import with_noise
from search_engine.spec.search_config import SearchConfig
from search_engine.spec.start_training import StartResult
from search_engine.spec.training_events import EpochEnded, Event
from search_engine.spec.trial import Role

ACCENT = "green"


class Progress(Listener):
    """Listens to a run. In a terminal it draws a live view, elsewhere a line for each trial."""

    def __init__(self, config: SearchConfig, folder: Path, console: Console | None = None) -> None:
        self._config = config
        self._folder = folder
        self._console = console or Console()
        self._live = Live(console=self._console, refresh_per_second=4, transient=True)
        self._runner: Runner | None = None
        self._best: EndedTrial | None = None
        self._under_way: RenderableType = Text("loading …")

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._live.stop()

    def watch(self, runner: Runner, data: SplitDataset) -> None:
        """Show this runner's numbers; say which images are used and where they are."""
        self._runner = runner
        self._best = runner.search.best
        splits, images = data.splits, data.images
        place = f"{images.resident_bytes / 2**20:.1f} MiB on {images.device}"
        self.say(
            f"Data: {data.dataset.name}, {len(splits.train):,} images to train,"
            f" {len(splits.calibration):,} to calibrate, {len(splits.validation):,} to validate,"
            f" {len(splits.test):,} to test; {place if images.resident else 'streamed'}"
        )

    def start_training(self, event: Event) -> None:
        self._under_way = Text(f"Training the start network: {describe(event)}")
        self._draw()

    def start_ready(self, network: Network, result: StartResult) -> None:
        cost = network.architecture.cost
        self.say(
            f"Start network: {self._config.measure.label} {self._measured(result):.2%},"
            f" {cost.parameters:,} parameters, {cost.multiply_adds:,} multiply-adds"
        )
        gain, rounds = result.last_gain, self._config.start_rounds
        if gain is not None and not rounds.is_saturated(gain):
            self.say(
                f"The start network was still learning: its last round gained {100 * gain:.2f}"
                " points. Growing an undertrained network only costs time: allow it more rounds"
                " (--start-rounds)."
            )

    def trial_started(self, trial: Trial) -> None:
        self._under_way = self._tree(trial, "starting")
        self._draw()

    def trial_training(self, trial: Trial, event: Event) -> None:
        self._under_way = self._tree(trial, describe(event))
        self._draw()

    def trial_ended(self, ended: EndedTrial, best: EndedTrial | None) -> None:
        self._best = best
        result, number = ended.result, ended.trial.number
        outcome = "failed" if result.accuracy is None else f"{self._measured(result):.2%}"
        note = f"  {result.failure}" if result.failure else ""
        star = " ★" if best is ended else ""
        self.say(
            f"Trial {number:>4}  {outcome:>7}  {result.seconds:5.1f} s"
            f"{_step(ended.trial, '  ')}  {ended.notation}{note}{star}"
        )
        self._draw()

    def finish(self, comparison: Comparison | None = None) -> None:
        """Say what was found.

        Args:
            comparison: of the winner with the control on the test images, where there was one.
        """
        if self._best is None or self._best.result.accuracy is None or self._runner is None:
            self.say("No trial was completed.")
            return
        best, runner = self._best, self._runner
        measure = self._config.measure
        of = "" if measure is Measure.ACCURACY else f" {measure.label}"
        self.say("")
        self.say(draw_cell(runner.search.architecture(best.trial).cell))
        self.say(
            f"Best{of}: {self._best_accuracy()} of {runner.search.validation_images:,} validation"
            f" images, trial {best.trial.number} of {len(runner.search.ended)},"
            f" in {_duration(runner.elapsed_seconds)}"
        )
        if comparison is not None:
            self.say(comparison.sentence)
        self.say(f"Report, record and checkpoints: {self._folder}")

    def say(self, line: str) -> None:
        """Print a line above the live view."""
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    def _measured(self, result: Judged) -> float:
        """What the search judges by."""
        return measured(result, self._config.measure) or 0.0

    def _draw(self) -> None:
        if self._live.is_started:
            self._live.update(Group(self._head(), self._under_way, *self._best_panel()))

    def _head(self) -> RenderableType:
        if self._runner is None:
            return Text()
        done, total = len(self._runner.search.ended), self._config.budget.max_trials
        elapsed = self._runner.elapsed_seconds
        times = [trial.result.seconds for trial in self._runner.search.ended]
        left = f"{_duration(sum(times) / done * (total - done))} left" if done else "…"
        row = Table.grid(padding=(0, 2), expand=True)
        row.add_row(
            ProgressBar(total=total, completed=done, width=40, complete_style=ACCENT),
            f"{done} of {total} trials",
            f"{_duration(elapsed)} so far, {left}",
        )
        return row

    def _best_panel(self) -> list[RenderableType]:
        if self._best is None or self._best.result.accuracy is None:
            return []
        title = f"best so far: {self._best_accuracy()}, trial {self._best.trial.number}"
        drawn = self._drawn(self._best.trial)
        return [Panel(drawn, title=title, title_align="left", border_style=ACCENT)]

    def _best_accuracy(self) -> str:
        assert self._runner is not None and self._best is not None
        reached = self._measured(self._best.result)
        if self._config.measure is not Measure.ACCURACY:
            return f"{reached:.2%}"
        return with_noise(reached, self._runner.search.validation_images)

    def _tree(self, trial: Trial, state: str) -> RenderableType:
        title = f"trial {trial.number}{_step(trial, ', ')}: {state}"
        return Panel(self._drawn(trial), title=title, title_align="left")

    def _drawn(self, trial: Trial) -> Text:
        assert self._runner is not None
        cell = self._runner.search.architecture(trial).cell
        return Text(draw_cell(cell), no_wrap=True)


def _step(trial: Trial, before: str) -> str:
    """What a trial is, where it is more than a child of the start network.

    Args:
        before: what stands before it, if it is anything.
    """
    match trial.role:
        case Role.CONFIRMATION:
            return f"{before}confirms {trial.repeats}"
        case Role.CONTROL:
            return f"{before}control"
    move = trial.proposal.move
    return f"{before}{move} of {trial.parent or 'start'}" if move else ""


def describe(event: Event) -> str:
    """A training's progress in one line."""
    if isinstance(event, EpochEnded):
        accuracy = event.validation_accuracy
        reached = f", accuracy {accuracy:.2%}" if accuracy is not None else ""
        return f"epoch {event.epoch}{reached}, {event.images_per_second:,.0f} images/s"
    return (
        f"epoch {event.epoch}, step {event.step} of {event.steps}, loss {event.loss:.3f},"
        f" {event.images_per_second:,.0f} images/s, {_duration(event.eta_seconds)} left"
    )


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


class StopFlag:
    """False until somebody asks to stop."""

    def __init__(self) -> None:
        self.is_set = False

    def __call__(self) -> bool:
        return self.is_set


@contextmanager
def interruptible() -> Iterator[StopFlag]:
    """A flag that Ctrl-C or a termination signal sets. A second Ctrl-C interrupts at once."""
    flag = StopFlag()

    def stop(number: int, frame: FrameType | None) -> None:
        if flag.is_set and number == signal.SIGINT:
            raise KeyboardInterrupt
        flag.is_set = True

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield flag
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
