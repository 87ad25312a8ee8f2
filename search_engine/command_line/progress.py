"""What a running search shows in the terminal: bar, tree under way, best so far, time left."""

from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from search_engine.architecture import format_cell
from search_engine.command_line.drawing import draw_cell
from search_engine.config import SearchConfig
from search_engine.networks import Network
from search_engine.runner import Listener, Runner
from search_engine.search import EndedTrial, Trial
from search_engine.search_data import SearchData
from search_engine.training import EpochEnded, Event

ACCENT = "green"


class Progress(Listener):
    """Listens to a run. In a terminal it draws a live view, elsewhere a line for each trial.

    Args:
        config: of the search.
        folder: where it is kept.
        console: where to draw.
    """

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

    def watch(self, runner: Runner, data: SearchData) -> None:
        """Whose numbers to show; says which images are used and where they are."""
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

    def start_ready(self, network: Network, accuracy: float) -> None:
        cost = network.architecture.cost
        self.say(
            f"Start network: accuracy {accuracy:.2%}, {cost.parameters:,} parameters,"
            f" {cost.multiply_adds:,} multiply-adds"
        )

    def trial_started(self, trial: Trial) -> None:
        self._under_way = _tree(trial, "starting")
        self._draw()

    def trial_training(self, trial: Trial, event: Event) -> None:
        self._under_way = _tree(trial, describe(event))
        self._draw()

    def trial_ended(self, ended: EndedTrial, best: EndedTrial | None) -> None:
        self._best = best
        result, number = ended.result, ended.trial.number
        outcome = f"{result.accuracy:.2%}" if result.accuracy is not None else "failed"
        note = f"  {result.failure}" if result.failure else ""
        star = " ★" if best is ended else ""
        self.say(
            f"Trial {number:>4}  {outcome:>7}  {result.seconds:5.1f} s"
            f"  {format_cell(ended.trial.cell)}{note}{star}"
        )
        self._draw()

    def finish(self) -> None:
        """Say what was found."""
        if self._best is None or self._best.result.accuracy is None or self._runner is None:
            self.say("No trial was completed.")
            return
        best, runner = self._best, self._runner
        assert best.result.accuracy is not None
        gain = 100 * (best.result.accuracy - runner.start_accuracy)
        self.say("")
        self.say(draw_cell(best.trial.cell))
        self.say(
            f"Best: {best.result.accuracy:.2%} ({gain:+.2f} points over the start network),"
            f" trial {best.trial.number} of {len(runner.search.ended)},"
            f" in {_duration(runner.elapsed_seconds)}"
        )
        self.say(f"Report, record and checkpoints: {self._folder}")

    def say(self, line: str) -> None:
        """Print a line above the live view."""
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)

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
        title = f"best so far: {self._best.result.accuracy:.2%}, trial {self._best.trial.number}"
        drawn = Text(draw_cell(self._best.trial.cell), no_wrap=True)
        return [Panel(drawn, title=title, title_align="left", border_style=ACCENT)]


def _tree(trial: Trial, state: str) -> RenderableType:
    title = f"trial {trial.number}: {state}"
    return Panel(Text(draw_cell(trial.cell), no_wrap=True), title=title, title_align="left")


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
