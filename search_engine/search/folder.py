"""A search's folder on disk: config, start network, state, record of trials, best checkpoints.

    config.json  start/  state.safetensors  trials.jsonl  trials/0007/  comparison.json  report.html

`state.safetensors` is the truth: it is replaced as a whole, and everything else follows from it.
"""

import json
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from search_engine.checkpoint import load_checkpoint, read_description, save_checkpoint
from search_engine.files import named_in_errors, replace_file
from search_engine.networks import Network
from search_engine.search.search import SearchState
from search_engine.search.trials import EndedTrial
from search_engine.spec import Lineage
from search_engine.spec.comparison import Comparison
from search_engine.spec.description import TrainedOn
from search_engine.spec.documents import parse_document
from search_engine.spec.errors import CheckpointError
from search_engine.spec.search_config import SearchConfig
from search_engine.spec.start_training import StartResult

STATE, TRIALS, CONFIG, REPORT = "state.safetensors", "trials.jsonl", "config.json", "report.html"
COMPARISON = "comparison.json"


class SearchFolder:
    """The state of a search, and its results.

    Args:
        path: of the folder; made when something is written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def exists(self) -> bool:
        """Whether a search has been started here."""
        return (self.path / CONFIG).exists()

    def write_config(self, config: SearchConfig) -> None:
        """Keep the search's settings."""
        self.path.mkdir(parents=True, exist_ok=True)
        replace_file(self.path / CONFIG, json.dumps(config.to_json(), indent=2) + "\n")

    def read_config(self) -> SearchConfig:
        """The search's settings.

        Raises:
            CheckpointError: missing or malformed; the message names the file.
        """
        path = self.path / CONFIG
        with named_in_errors(path):
            return SearchConfig.from_json(parse_document(path.read_bytes(), "search"))

    @property
    def start_training(self) -> Path:
        """The folder of the start network's training state."""
        return self.path / "start_training"

    def write_start(self, network: Network, result: StartResult, trained_on: TrainedOn) -> None:
        """Keep the start network with what it has come to."""
        metrics = {name: value for name, value in result.to_json().items() if value is not None}
        save_checkpoint(network, self.path / "start", trained_on=trained_on, metrics=metrics)
        shutil.rmtree(self.start_training, ignore_errors=True)
        shutil.rmtree(self._initial, ignore_errors=True)

    def write_initial(self, network: Network) -> None:
        """Keep the weights from which the start network is trained, until that is done."""
        save_checkpoint(network, self._initial)

    def read_initial(self) -> Network | None:
        """The weights from which the start network is trained; None where they are fresh.

        Raises:
            CheckpointError: damaged; the message names the file.
        """
        if not (self._initial / "checkpoint.json").exists():
            return None
        return load_checkpoint(self._initial)

    def read_start(self) -> tuple[Network, StartResult] | None:
        """The start network and what it has come to; None while there is none.

        Raises:
            CheckpointError: damaged; the message names the file.
        """
        folder = self.path / "start"
        if not (folder / "checkpoint.json").exists():
            return None
        with named_in_errors(folder):
            result = StartResult.from_json(read_description(folder).metrics)
        return load_checkpoint(folder), result

    def write_state(self, state: SearchState, elapsed_seconds: float) -> None:
        """Replace the state; a crash leaves the old one or the new one, never a part."""
        path = self.path / f"{STATE}.new"
        values = json.dumps({"elapsed_seconds": elapsed_seconds, "search": state.values})
        save_file(dict(state.tensors), path, metadata={"state": values})
        path.replace(self.path / STATE)

    def read_state(self) -> tuple[SearchState, float] | None:
        """The state and the running time so far, in seconds; None before the first trial.

        Raises:
            CheckpointError: damaged; the message names the file.
        """
        path = self.path / STATE
        if not path.exists():
            return None
        try:
            with safe_open(path, framework="pt") as file:
                values = json.loads((file.metadata() or {})["state"])
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            return SearchState(values["search"], tensors), float(values["elapsed_seconds"])
        except (SafetensorError, KeyError, TypeError, ValueError) as error:
            raise CheckpointError(str(path), f"not a search state: {error}") from None

    def append_trial(self, ended: EndedTrial) -> None:
        """Add a line to the record of trials."""
        with (self.path / TRIALS).open("a", encoding="utf-8") as file:
            file.write(json.dumps(ended.to_json()) + "\n")

    def rewrite_trials(self, ended: Sequence[EndedTrial]) -> None:
        """Make the record of trials agree with the state, after a crash between the two."""
        replace_file(
            self.path / TRIALS, "".join(json.dumps(trial.to_json()) + "\n" for trial in ended)
        )

    def write_trial(
        self, ended: EndedTrial, network: Network, lineage: Lineage | None, trained_on: TrainedOn
    ) -> None:
        """Keep a trial's network."""
        save_checkpoint(
            network,
            self.trial_folder(ended.trial.number),
            lineage=lineage,
            trained_on=trained_on,
            metrics={"accuracy": ended.result.accuracy or 0.0},
        )

    def read_trial(self, number: int) -> Network:
        """A trial's network.

        Raises:
            CheckpointError: missing or damaged; the message names the file.
        """
        return load_checkpoint(self.trial_folder(number))

    def drop_trials(self, kept: Iterable[int]) -> None:
        """Delete the networks of all trials but these."""
        names = {self.trial_folder(number).name for number in kept}
        for folder in (self.path / "trials").glob("*"):
            if folder.name not in names:
                shutil.rmtree(folder)

    def write_comparison(self, comparison: Comparison) -> None:
        """Keep what the test images said of winner, control and start network."""
        replace_file(self.path / COMPARISON, json.dumps(comparison.to_json(), indent=2) + "\n")

    def read_comparison(self) -> Comparison | None:
        """What the test images said; None while they have not been looked at.

        Raises:
            CheckpointError: malformed; the message names the file.
        """
        path = self.path / COMPARISON
        if not path.exists():
            return None
        with named_in_errors(path):
            return Comparison.from_json(parse_document(path.read_bytes(), "comparison"))

    def trial_folder(self, number: int) -> Path:
        """The folder of a trial's checkpoint, if it is kept."""
        return self.path / "trials" / f"{number:04d}"

    @property
    def _initial(self) -> Path:
        return self.path / "initial"
