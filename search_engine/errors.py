"""Every error that the engine raises on purpose: one root, each text with expected and got."""

from typing import Any


class SearchEngineError(Exception):
    """Root of the engine's errors: catch it to catch them all. They can be pickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        # Exception's own way would call the constructor with the message alone.
        return _rebuild, (type(self), self.args, self.__dict__)


class InvalidArchitecture(SearchEngineError):
    """A cell, its notation or its JSON is malformed, or does not fit the place where it is put.

    Args:
        place: where in the tree, such as `root.branches[1].node` or `column 17`.
        reason: what was expected and what was got.
    """

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"{place}: {reason}")
        self.place = place
        self.reason = reason


class InvalidConfig(SearchEngineError):
    """A setting has the wrong type, or lies outside its limits.

    Args:
        field: name of the setting, dotted where nested.
        reason: what was expected and what was got.
    """

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class IllegalTransformation(SearchEngineError):
    """A transformation that this architecture does not admit. Nothing has been changed.

    Args:
        transformation: how it reads, such as `SetMerge(root, add, 2)`.
        reason: why it is refused.
    """

    def __init__(self, transformation: str, reason: str) -> None:
        super().__init__(f"{transformation} is illegal: {reason}")
        self.transformation = transformation
        self.reason = reason


class CheckpointError(SearchEngineError):
    """A checkpoint's files are missing, damaged, or do not belong together.

    Args:
        path: the file.
        reason: what is wrong with it.
    """

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class ExportError(SearchEngineError):
    """An export cannot be made, or computes something else; nothing of it is left on the disk.

    Args:
        kind: of the export, such as `onnx`.
        reason: what was expected and what was got.
    """

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(f"{kind}: {reason}")
        self.kind = kind
        self.reason = reason


class DatasetError(SearchEngineError):
    """Images or labels are missing, damaged, unsafe to read, or too few to learn from.

    Args:
        place: the file, the folder or the data set.
        reason: what was expected and what was got.
    """

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"{place}: {reason}")
        self.place = place
        self.reason = reason


class TrialFault(SearchEngineError):
    """A network cannot be trained, by its own fault: its trial fails, and the search goes on."""


class TrainingDiverged(TrialFault):
    """The loss or the weights are no longer finite, or the loss is far above that of guessing.

    Args:
        epoch: number of the epoch, from 1.
        step: number of the step in the whole training, from 1, at which it was noticed.
        reason: what was expected and what was got.
    """

    def __init__(self, epoch: int, step: int, reason: str) -> None:
        super().__init__(f"training diverged in epoch {epoch}, step {step}: {reason}")
        self.epoch = epoch
        self.step = step
        self.reason = reason


class OutOfMemory(TrialFault):
    """The device has not enough memory for this network and batch size.

    Args:
        reason: what the device said.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"out of memory: {reason}")
        self.reason = reason


class TrainingStopped(SearchEngineError):
    """The training was asked to stop, and has. It goes on from the last state that was saved.

    Args:
        epoch: epochs that were complete.
    """

    def __init__(self, epoch: int) -> None:
        super().__init__(f"training stopped on request after {epoch} complete epochs")
        self.epoch = epoch


class TrainingBroken(SearchEngineError):
    """A process of a training on several devices has died, and the others have ended with it. It
    goes on from the last complete epoch when it is started again.

    Args:
        reason: what the processes said.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"a process of the training has ended; start it again to go on: {reason}")
        self.reason = reason


def _rebuild(
    kind: type[SearchEngineError], args: tuple[Any, ...], attributes: dict[str, Any]
) -> SearchEngineError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(attributes)
    return error
