"""Lists of modules that run one after the other: in a written file they are `nn.Sequential`."""

from search_engine.export.plain.expressions import Call, Expression, Value, call, values
from search_engine.export.plain.traced import Forward


def in_a_row(forward: Forward, name: str, count: int) -> Forward | None:
    """The forward pass with one call of a list whose modules run one after the other.

    Args:
        forward: with a call for each of them.
        name: of the list.
        count: how many modules it has.

    Returns:
        None where the modules are called in another way, or something reads a value between.
    """
    nodes = forward.nodes
    calls = [f"self.{name}[{index}]" for index in range(count)]
    places = [
        i for i, node in enumerate(nodes) if isinstance(node, Call) and node.function in calls
    ]
    first = places[0] if places else 0
    if not places or places != list(range(first, first + count)):
        return None
    shift = len(forward.parameters)
    between = [Value(shift + place) for place in places[:-1]]
    read = [number for node in (*nodes, forward.result) for number in values(node)]
    chain = [call(text, value) for text, value in zip(calls[1:], between, strict=True)]
    if list(nodes[first + 1 : first + count]) != chain or any(
        read.count(value.number) > 1 for value in between
    ):
        return None
    head = nodes[first]
    assert isinstance(head, Call)
    gap: tuple[Expression, ...] = ("",) * (count - 1)  # so that the numbers stay
    row = Call(f"self.{name}", head.arguments)
    kept = (*nodes[:first], *gap, row, *nodes[first + count :])
    return Forward(forward.parameters, kept, forward.result)
