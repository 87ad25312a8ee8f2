"""Modules of one structure, and what their class is called."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from torch import nn

_STACKS = ("Conv2dNormActivation", "ConvNormActivation")
_WORDS = {"nn.Conv2d": "Conv", "Cell": "Cell", "nn.BatchNorm2d": "Norm", "activation": "Activation"}


@dataclass(slots=True)
class Group:
    """The modules of one structure, which become one class.

    Args:
        type_name: name of the class that they have.
        kinds: names of what they are made of, and of which kind each is.
        modules: one or more.
    """

    type_name: str
    kinds: tuple[tuple[str, str], ...]
    modules: list[nn.Module] = field(default_factory=list)


def class_names(groups: Sequence[Group], reserved: frozenset[str]) -> list[str]:
    """A name for each group's class: its type's, with what tells it from others of that type.

    Args:
        groups: in any order.
        reserved: names that are something else in the file.
    """
    names: dict[int, str] = {}
    taken = set(reserved)
    usual: dict[str, Group] = {}
    for group in sorted(groups, key=lambda group: -len(group.modules)):
        base = _base(group)
        first = usual.setdefault(base, group)
        name = base + ("" if first is group else _difference(group, first))
        names[id(group)] = _unique(name, taken)
        taken.add(names[id(group)])
    return [names[id(group)] for group in groups]


def _base(group: Group) -> str:
    kinds = [kind for _, kind in group.kinds]
    if group.type_name in _STACKS and all(kind in _WORDS for kind in kinds):
        return "".join(_WORDS[kind] for kind in kinds)
    return group.type_name.lstrip("_")


def _difference(group: Group, usual: Group) -> str:
    """What a structure has that the usual one of its type has not, in a word."""
    others = dict(usual.kinds)
    added = [name for name, _ in group.kinds if name not in others and name.isidentifier()]
    if added:
        return "".join(_camel(name) for name in added)
    cells = [name for name, kind in group.kinds if kind == "Cell" and others.get(name) != "Cell"]
    return "WithCell" if cells else ""


def _camel(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def _unique(name: str, taken: set[str]) -> str:
    found = re.sub(r"\W", "", name) or "Layer"
    unique, number = found, 2
    while unique in taken:
        unique, number = f"{found}{number}", number + 1
    return unique
