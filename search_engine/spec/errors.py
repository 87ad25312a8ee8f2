"""Every error that the engine raises on purpose: one root, each message with expected and got.

Whoever must decide by an error reads its class or its `code`, never its message.
"""

from collections.abc import Sequence
from typing import Any


class SearchEngineError(Exception):
    """Root of the engine's errors: catch it to catch them all. They can be pickled.

    `code` names the kind of fault in a word that does not change.
    """

    code = "search_engine_error"

    def __reduce__(self) -> tuple[Any, ...]:
        # Exception's own way would call the constructor with the message alone.
        return _rebuild, (type(self), self.args, self.__dict__)


class PlacedError(SearchEngineError):
    """Something is wrong at a place.

    Args:
        place: where, in words of the kind of error.
        reason: what was expected and what was got.
    """

    code = "fault_at_place"

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"{place}: {reason}")
        self.place = place
        self.reason = reason


class InvalidArchitecture(PlacedError):
    """A cell, its notation or its JSON is malformed, or does not fit the place where it is put.

    Its place is one in the tree, such as `root.branches[1].node` or `column 17`.
    """

    code = "invalid_architecture"


class InvalidConfig(SearchEngineError):
    """A setting has the wrong type, or lies outside its limits.

    Args:
        field: name of the setting, dotted where nested.
        faults: all that was found, as pairs of field and reason, where it is more than the first.
    """

    code = "invalid_config"

    def __init__(self, field: str, reason: str, *, faults: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(f"{field}: {reason}" if field else reason)
        self.field = field
        self.reason = reason
        self.faults = tuple(faults) or ((field, reason),)


class IllegalTransformation(SearchEngineError):
    """A transformation that this architecture does not admit. Nothing has been changed.

    Args:
        transformation: how it reads, such as `SetMerge(root, add, 2)`.
    """

    code = "illegal_transformation"

    def __init__(self, transformation: str, reason: str) -> None:
        super().__init__(f"{transformation} is illegal: {reason}")
        self.transformation = transformation
        self.reason = reason


class CheckpointError(PlacedError):
    """A checkpoint's files are missing, damaged, or do not belong together. Its place is a file."""

    code = "invalid_checkpoint"


class ExportError(PlacedError):
    """An export cannot be made, or computes something else; nothing of it is left on the disk.

    Its place is the kind of export, such as `onnx`.
    """

    code = "export_failed"


class DatasetError(PlacedError):
    """Images or labels are missing, damaged, unsafe to read, or too few to learn from.

    Args:
        place: the file, the folder or the data set.
        code: which of the faults that a user can do something about; by default any other.
    """

    code = "invalid_dataset"

    def __init__(self, place: str, reason: str, code: str = code) -> None:
        super().__init__(place, reason)
        self.code = code


class DeviceUnusable(SearchEngineError):
    """A GPU is there, and cannot be used as things stand; the sentence says what helps.

    Args:
        device: its name, for people.
        reason: what is wrong, and what to install or to set.
    """

    code = "device_unusable"

    def __init__(self, device: str, reason: str) -> None:
        super().__init__(f"{device}: {reason}")
        self.device = device
        self.reason = reason


class DeviceFull(SearchEngineError):
    """Other programs have filled the device, so nothing is known of the network: try again later,
    or on another device.
    """

    code = "device_full"

    def __init__(self, reason: str) -> None:
        super().__init__(f"other programs have filled the device's memory: {reason}")
        self.reason = reason


class TrialFault(SearchEngineError):
    """A network cannot be trained, by its own fault: its trial fails, and the search goes on."""

    code = "trial_fault"


class TrainingDiverged(TrialFault):
    """The loss or the weights are no longer finite, or the loss is far above that of guessing.

    Args:
        step: number of the step in the whole training, from 1, at which it was noticed.
    """

    code = "diverged"

    def __init__(self, epoch: int, step: int, reason: str) -> None:
        super().__init__(f"training diverged in epoch {epoch}, step {step}: {reason}")
        self.epoch = epoch
        self.step = step
        self.reason = reason


class OutOfMemory(TrialFault):
    """The device has not enough memory for this network and batch size."""

    code = "out_of_memory"

    def __init__(self, reason: str) -> None:
        super().__init__(f"out of memory: {reason}")
        self.reason = reason


class TrainingStopped(SearchEngineError):
    """The training was asked to stop, and has. It goes on from the last state that was saved.

    Args:
        epoch: epochs that were complete.
    """

    code = "training_stopped"

    def __init__(self, epoch: int) -> None:
        super().__init__(f"training stopped on request after {epoch} complete epochs")
        self.epoch = epoch


class TrainingBroken(SearchEngineError):
    """A process of a training on several devices has died, and the others have ended with it. It
    goes on from the last complete epoch when it is started again.
    """

    code = "process_lost"

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
