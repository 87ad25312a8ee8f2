"""An exported program as a class: its layers under flat names, and a line for what it computes."""

import keyword
from collections.abc import Mapping
from typing import Any, cast

from search_engine.architecture import AdoptedConfig
from search_engine.export.plain.constants import constants
from search_engine.export.plain.expressions import CONSTANT, Expression, Slot, Value, call, slots
from search_engine.export.plain.leaves import leaf, zeros
from search_engine.export.plain.names import flat_names
from search_engine.export.plain.operators import operator_call
from search_engine.export.plain.refusal import cannot_write
from search_engine.export.plain.traced import Forward
from search_engine.export.plain.written_class import ABOUT_NETWORK, WrittenClass
from search_engine.networks import AdoptedNetwork
from search_engine.networks.adopted.program import Program, Step

STEPS_NAME = "Exported"


def steps_class(network: AdoptedNetwork, cell_takes: frozenset[str]) -> str:
    """The source of the network's class.

    Args:
        network: of an exported program.
        cell_takes: what the class of the cell takes besides its widths.

    Raises:
        ExportError: it has what cannot be written.
    """
    program, names = _program(network), steps_names(network)
    members: list[tuple[str, Expression]] = []
    for name in program.layers:
        members.append((names[name], leaf(network.outer.get_submodule(name), cell_takes)))
    for name, settings in program.tensors.items():
        tensor = zeros(network.outer.state_dict()[name])
        buffer = call("self.register_buffer", f'"{names[name]}"', tensor)
        made = call("nn.Parameter", tensor) if settings["learned"] else buffer
        members.append((names[name], made))
    forward = _Steps(program, names).forward()
    places = [place for name, made in members for place in slots(made, (name,))]
    for node in (*forward.nodes, forward.result):
        places += slots(node, ("",))
    written = WrittenClass(
        name=STEPS_NAME,
        about=ABOUT_NETWORK,
        members=members,
        forward=forward,
        constants=constants([places], [network.outer]),
        blocks=frozenset(),
        is_root=True,
    )
    return written.source()


def steps_names(network: AdoptedNetwork) -> dict[str, str]:
    """Names of the layers and tensors in the written file."""
    program = _program(network)
    return flat_names([*program.layers, *program.tensors])


def _program(network: AdoptedNetwork) -> Program:
    return Program.from_text(cast(AdoptedConfig, network.architecture.skeleton).program)


class _Steps:
    """A program's steps as nodes; a step of several values is one node, and its values parts."""

    def __init__(self, program: Program, names: Mapping[str, str]) -> None:
        self._program = program
        self._names = names
        self._values: list[Expression] = [Value(0)]
        self._nodes: list[Expression] = []

    def forward(self) -> Forward:
        """The forward pass."""
        for step in self._program.steps:
            made = self._add(self._made(step))
            if step.outputs == 1:
                self._values.append(made)
                continue
            parts = [call("[]", made, str(index)) for index in range(step.outputs)]
            self._values += [self._add(part) for part in parts]
        result = self._values[self._program.output]
        return Forward((("images", "Tensor"),), tuple(self._nodes), result)

    def _add(self, node: Expression) -> Value:
        if isinstance(node, Value):
            return node
        self._nodes.append(node)
        return Value(len(self._nodes))

    def _made(self, step: Step) -> Expression:
        args = [self._expression(value) for value in step.args]
        if step.layer:
            return call(f"self.{self._names[step.layer]}", *args)
        for name in step.kwargs:
            if not name.isidentifier() or keyword.iskeyword(name):  # it becomes code
                raise cannot_write(f"an argument whose name is {name[:40]!r}")
        named = {name: self._expression(value) for name, value in step.kwargs.items()}
        return operator_call(step.operator, args, named)

    def _expression(self, value: Any) -> Expression:
        if isinstance(value, list | tuple):
            return call("[", *(self._expression(item) for item in value))
        if isinstance(value, str) and value.startswith("%"):
            return self._values[int(value[1:])]
        if isinstance(value, str) and value.startswith("@"):
            return f"self.{self._names[value[1:]]}"
        return Slot(CONSTANT, value)
