"""Names in a written file: of attributes, and of the tensors below them."""

import keyword
import re
from collections.abc import Iterable

from torch import nn

from search_engine.export.plain.leaves import is_dense_block

LONGEST = 34
"""Characters of an attribute's name: two of them and an operator fit in a line."""

_EDGE = re.compile(r"root((?:\.branches\.\d+\.node)*)\.branches\.(\d+)\.(operation|norm)\.")
_TAKEN = frozenset(dir(nn.Module()))


def identifier(name: str, taken: frozenset[str] | set[str] = _TAKEN) -> str:
    """A name that an attribute of a module can have.

    Args:
        name: of a module or a tensor, with dots and whatever else.
        taken: names that are something else.
    """
    found = re.sub(r"[^A-Za-z0-9_]", "_", name)[:LONGEST]
    if not found[:1].isalpha() or keyword.iskeyword(found):
        found = f"layer_{found}"
    unique, number = found, 2
    while unique in taken:
        unique, number = f"{found}_{number}", number + 1
    return unique


def child_name(parent: nn.Module, name: str) -> str:
    """The name of a child in the written file: a number in a row of modules."""
    if is_dense_block(parent):
        return str(list(parent._modules).index(name))
    in_row = isinstance(parent, nn.Sequential | nn.ModuleList)
    return name if in_row and name.isdecimal() else identifier(name)


def written_paths(root: nn.Module) -> dict[str, str]:
    """Each module's path in the written file, by its path in the network."""
    paths = {"": ""}
    for name, _ in root.named_modules():
        if name:
            above, _, leaf = name.rpartition(".")
            own = child_name(root.get_submodule(above), leaf)
            paths[name] = f"{paths[above]}.{own}".lstrip(".")
    return paths


def flat_names(names: Iterable[str]) -> dict[str, str]:
    """Names without dots, each by the dotted one."""
    taken = set(_TAKEN)
    found: dict[str, str] = {}
    for name in names:
        found[name] = identifier(name, taken)
        taken.add(found[name])
    return found


def edge_name(name: str) -> str:
    """A name with that of an edge of a cell as it stands in the generated file."""
    return _EDGE.sub(_edge, name)


def _edge(found: re.Match[str]) -> str:
    path = [*re.findall(r"\d+", found[1]), found[2]]
    kind = "edge" if found[3] == "operation" else "norm"
    return f"{kind}_{'_'.join(path)}."
