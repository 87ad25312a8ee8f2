"""One process of a final training on several devices; torchrun starts it for `launch`.

    torchrun --nproc-per-node=2 -m search_engine.final_training.member FOLDER DEVICE,DEVICE [START]

The first process tells of its progress on its standard output, a JSON object a line. When nobody
reads it any more, the training ends: whoever started it has died, and starts it again.
"""

import signal
import sys
from pathlib import Path
from types import FrameType

import torch

from search_engine.data.stored import stored_dataset
from search_engine.errors import SearchEngineError
from search_engine.final_training.folder import FinalFolder
from search_engine.final_training.launch import DATASET
from search_engine.final_training.team_training import train_in_team
from search_engine.final_training.wire import error_line, event_line
from search_engine.training import Event


def main(arguments: list[str]) -> int:
    """Train, and tell. The exit status is 0, or 1 where it did not come to its end."""
    folder, devices = Path(arguments[0]), tuple(arguments[1].split(","))
    start = Path(arguments[2]) if len(arguments) > 2 else None
    wishes: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        wishes.append(number)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    if all(device == "cpu" for device in devices):
        torch.set_num_threads(1)  # the processes share the cores already
    kept = FinalFolder(folder)
    try:
        train_in_team(
            kept.read_config(),
            folder,
            dataset=stored_dataset(kept.training / DATASET),
            devices=devices,
            start_checkpoint=start,
            listener=_tell,
            should_stop=lambda: bool(wishes),
            is_claimed=True,
        )
    except SearchEngineError as error:
        _say(error_line(error))
        return 1
    return 0


def _tell(event: Event) -> None:
    _say(event_line(event))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
