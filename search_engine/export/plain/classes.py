"""A module tree as classes: one for each structure, told by its constructor where places differ."""

from collections.abc import Iterator
from typing import Any

from torch import nn

from search_engine.export.plain.constants import Constants, constants
from search_engine.export.plain.expressions import (
    Argument,
    Call,
    Expression,
    Place,
    Slot,
    blank,
    call,
    slots,
)
from search_engine.export.plain.groups import Group, class_names
from search_engine.export.plain.leaves import is_dense_block, is_leaf, leaf, zeros
from search_engine.export.plain.names import child_name
from search_engine.export.plain.parameters import BY_PLACE
from search_engine.export.plain.refusal import cannot_write
from search_engine.export.plain.rows import in_a_row
from search_engine.export.plain.traced import Forward, trace
from search_engine.export.plain.written_class import ABOUT_NETWORK, WrittenClass


class Classes:
    """The classes of a network, each before its first use.

    Args:
        root: the network.
        reserved: names that are something else in the file.
        cell_takes: what the class of the cell takes besides its widths.

    Raises:
        ExportError: it has what cannot be written.
    """

    def __init__(
        self, root: nn.Module, reserved: frozenset[str], cell_takes: frozenset[str]
    ) -> None:
        self._root = root
        self._cell_takes = cell_takes
        self._groups: dict[Any, Group] = {}
        self._forwards: dict[nn.Module, Forward | None] = {}
        self._rows: set[nn.Module] = set()
        self._calls: dict[nn.Module, Call] = {}
        self._register(root)
        groups = list(self._groups.values())
        self._calls.clear()
        names = class_names(groups, reserved)
        self.sources = [self._write(g, name) for g, name in zip(groups, names, strict=True)]
        self.name = names[-1]

    def _expression(self, module: nn.Module) -> Expression:
        """What makes a module."""
        if module in self._calls:
            return self._calls[module]
        if is_leaf(module):
            return leaf(module, self._cell_takes)
        children = {child_name(module, n): self._expression(m) for n, m in module.named_children()}
        if is_dense_block(module):
            return call("DenseBlock", *children.values())
        if type(module) is nn.ModuleList and module not in self._rows:
            return call("nn.ModuleList", call("[", *children.values()))
        if _is_inline(module):
            if all(name.isdecimal() for name in children):
                return call("nn.Sequential", *children.values())
            return call("nn.Sequential", call("OrderedDict", **children))
        return self._register(module)

    def _register(self, module: nn.Module) -> Call:
        """Add a module to the group of its structure."""
        is_row = type(module).forward is nn.Sequential.forward
        self._forwards[module] = None if is_row else self._forward(module)
        members = self._members(module)
        forward = self._forwards[module]
        steps = forward and (forward.parameters, *map(blank, (*forward.nodes, forward.result)))
        key = (type(module), tuple((name, blank(member)) for name, member in members), steps)
        kinds = tuple((name, _kind(member)) for name, member in members)
        group = self._groups.setdefault(key, Group(type(module).__name__, kinds))
        group.modules.append(module)
        self._calls[module] = call(f"#{list(self._groups).index(key)}")
        return self._calls[module]

    def _forward(self, module: nn.Module) -> Forward:
        """Its forward pass, with lists as rows where their modules run one after the other."""
        forward = trace(module)
        for name, child in module.named_children():
            if isinstance(child, nn.ModuleList) and not is_dense_block(child):
                row = in_a_row(forward, child_name(module, name), len(child))
                if row is not None:
                    forward = row
                    self._rows.add(child)
        return forward

    def _members(self, module: nn.Module) -> list[tuple[str, Expression]]:
        """What the constructor makes, by name."""
        members: list[tuple[str, Expression]] = []
        forward = self._forwards[module]
        for name, parameter in module.named_parameters(recurse=False):
            members.append((name, call("nn.Parameter", zeros(parameter))))
        for name, buffer in module.named_buffers(recurse=False):
            if name in module._non_persistent_buffers_set:
                raise cannot_write(f"a tensor {name} that is not among its weights")
            members.append((name, call("self.register_buffer", f'"{name}"', zeros(buffer))))
        for name, child in module.named_children():
            made, own = self._expression(child), child_name(module, name)
            if forward is None or child.state_dict() or _calls(forward, own):
                members.append((own, made))
        return members

    def _write(self, group: Group, name: str) -> str:
        rows = []
        for module in group.modules:
            places = [p for attr, made in self._members(module) for p in slots(made, (attr,))]
            rows.append([*places, *_forward_slots(self._forwards[module])])
        found = constants(rows, group.modules)
        for index, module in enumerate(group.modules):
            self._calls[module] = _class_call(name, found, index)
        first = group.modules[0]
        is_root = first is self._root
        written = WrittenClass(
            name=name,
            about=ABOUT_NETWORK if is_root else self._about(group),
            members=self._members(first),
            forward=self._forwards[first],
            constants=found,
            blocks=frozenset(attr for attr, kind in group.kinds if kind == "block"),
            is_root=is_root,
        )
        return written.source()

    def _about(self, group: Group) -> str:
        forms = sum(other.type_name == group.type_name for other in self._groups.values())
        ending = f", in one of {forms} forms" if forms > 1 else ""
        return f"torchvision's {group.type_name}{ending}."


def _class_call(name: str, found: Constants, index: int) -> Call:
    """The call that makes the class's module at one of its places."""
    arguments = []
    for parameter in found.parameters:
        value = Slot(parameter.name, parameter.values[index], parameter.default)
        by_place = parameter.name in BY_PLACE and not parameter.default
        arguments.append(Argument(value, "" if by_place else parameter.name))
    return Call(name, tuple(arguments))


def _is_inline(module: nn.Module) -> bool:
    """Whether it is written where it stands: a list or row, unless a class of layers has a name."""
    if type(module) is nn.ModuleList:
        return True
    if type(module).forward is not nn.Sequential.forward:
        return False
    return type(module) is nn.Sequential or not all(map(is_leaf, module.children()))


def _calls(forward: Forward, name: str) -> bool:
    texts = (node.function for node in forward.nodes if isinstance(node, Call))
    return any(str(text).split("[")[0] == f"self.{name}" for text in texts)


def _forward_slots(forward: Forward | None) -> Iterator[Place]:
    if forward is not None:
        for node in (*forward.nodes, forward.result):
            yield from slots(node, ("",))


def _kind(member: Expression) -> str:
    """What kind of thing a member is, in a word."""
    function = member.function if isinstance(member, Call) else ""
    if isinstance(function, Slot):
        return "activation"
    is_block = function.startswith("#") or function in ("nn.Sequential", "DenseBlock")
    return "block" if is_block else function
