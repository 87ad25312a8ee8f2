"""Every error that the engine raises on purpose. One root; each text says what was expected and what was got."""


class SearchEngineError(Exception):
    """Root of the engine's errors: catch it to catch them all."""


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
