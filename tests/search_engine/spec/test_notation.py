"""One-line notation: what people type, and what they mistype."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_engine.spec import (
    Allocation,
    Branch,
    Cell,
    Merge,
    Node,
    Operation,
    chain,
    format_cell,
    parse_cell,
)
from search_engine.spec.errors import InvalidArchitecture
from search_engine.spec.notation import MAX_NOTATION_CHARACTERS
from tests.strategies import cells

SEP3, MAX3 = Branch(Operation.SEP_CONV_3X3), Branch(Operation.MAX_POOL_3X3)


@pytest.mark.parametrize(
    ("text", "root"),
    [
        ("[sep3]", chain(Operation.SEP_CONV_3X3)),
        ("[sep3 -> [max3]]", chain(Operation.SEP_CONV_3X3, Operation.MAX_POOL_3X3)),
        ("add[sep3, max3]", Node((SEP3, MAX3), Merge.ADD)),
        ("concat/replicate[sep3, max3]", Node((SEP3, MAX3), Merge.CONCAT)),
        ("concat/split[sep3, max3]", Node((SEP3, MAX3), Merge.CONCAT, Allocation.SPLIT)),
    ],
)
def test_notation_reads_and_writes(text: str, root: Node) -> None:
    assert parse_cell(text) == Cell(root)
    assert format_cell(Cell(root)) == text


@pytest.mark.parametrize("operation", Operation)
def test_every_operation_has_a_symbol_and_its_json_name(operation: Operation) -> None:
    cell = Cell(chain(operation))
    assert parse_cell(f"[{operation.symbol}]") == parse_cell(f"[{operation.value}]") == cell


def test_spaces_do_not_matter() -> None:
    tight = "add[sep3->concat/split[max3,avg3],identity]"
    loose = "\n add [ sep3\t->  concat/split [max3 , avg3] , identity ] \n"
    assert parse_cell(tight) == parse_cell(loose)


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ("", "column 1", "expected [ or one of add, concat/replicate, concat/split, got 'the end'"),
        ("   ", "column 4", "got 'the end'"),
        ("add", "column 4", "expected '[', got 'the end'"),
        ("mul[sep3, sep3]", "column 1", "got 'mul'"),
        ("concat[sep3, sep3]", "column 1", "concat/replicate, concat/split, got 'concat'"),
        ("add/split[sep3, sep3]", "column 1", "got 'add/split'"),
        ("[]", "column 2", "expected an operation (identity, conv1x1,"),
        ("[conv5x5]", "column 2", "got 'conv5x5'"),
        ("add[sep3, conv1x1 -> conv1x1]", "column 22", "got 'conv1x1'"),
        ("[sep3", "column 6", "expected ']', got 'the end'"),
        ("[sep3, max3]", "column 1", "expected merge add or concat for 2 branches"),
        ("add[sep3]", "column 1", "expected at least 2 branches under add, got 1"),
        ("add[sep3, max3 -> concat/split[sep3]]", "column 19", "under concat, got 1"),
        ("add[sep3, max3,]", "column 16", "expected an operation"),
        ("add[sep3 max3]", "column 10", "expected ']', got 'max3'"),
        ("add[sep3 - > [max3]]", "column 10", "got '-'"),
        ("[sep3 ->]", "column 9", "got ']'"),
        ("[sep3]]", "column 7", "expected 'the end', got ']'"),
        ("[sep3] [sep3]", "column 8", "expected 'the end', got '['"),
        ("[sep3\n-> é]", "column 10", "got 'é'"),
        ("add[" + "sep3," * 8 + "sep3]", "column 1", "expected at most 8 branches, got 9"),
        ("[sep3 -> " * 8 + "[sep3]" + "]" * 8, "column 73", "expected at most 8 edges deep"),
        ("[" * 10_000, "column 2", "expected an operation"),
        ("[sep3->" * 2_000, "column 57", "expected at most 8 edges deep"),
        ("[" * 100_000, "notation", "expected at most 16384 characters, got 100000"),
        ("x" * 10_000_000, "notation", "got 10000000"),
        ("x" * 16_000, "column 1", "got '" + "x" * 40 + "'"),
        ("add[max3, sep3" + "\x00]", "column 15", "got '\\x00'"),
    ],
    ids=range(28),
)
def test_malformed_notation_names_the_column(text: str, place: str, reason: str) -> None:
    with pytest.raises(InvalidArchitecture) as caught:
        parse_cell(text)
    assert caught.value.place == place
    assert reason in caught.value.reason
    assert len(str(caught.value)) < 200


def test_a_tree_of_too_many_edges_is_refused() -> None:
    node = "[max3]"
    for _ in range(3):
        node = f"add[{', '.join([f'max3 -> {node}'] * 7)}]"
    with pytest.raises(InvalidArchitecture, match="root: expected at most 256 edges"):
        parse_cell(node)


def test_the_limit_of_characters_leaves_room_for_every_cell() -> None:
    longest = max(len(f"{operation.symbol} -> concat/replicate[], ") for operation in Operation)
    assert 256 * longest < MAX_NOTATION_CHARACTERS


def parses_or_is_refused(text: str) -> None:
    try:
        cell = parse_cell(text)
    except InvalidArchitecture:
        return
    assert parse_cell(format_cell(cell)) == cell


@given(st.text())
def test_no_text_is_a_traceback(text: str) -> None:
    parses_or_is_refused(text)


TOKENS = ("add", "concat/split", "concat/replicate", "[", "]", ",", "->", " ", "sep3", "max3", "?")


@given(st.lists(st.sampled_from(TOKENS), max_size=30).map("".join))
def test_no_heap_of_tokens_is_a_traceback(text: str) -> None:
    parses_or_is_refused(text)


@given(cells(), st.data())
def test_no_slip_in_valid_notation_is_a_traceback(cell: Cell, data: st.DataObject) -> None:
    text = format_cell(cell)
    start = data.draw(st.integers(0, len(text)))
    stop = data.draw(st.integers(start, min(start + 6, len(text))))
    typed = data.draw(st.one_of(st.sampled_from(TOKENS), st.text(max_size=3)))
    parses_or_is_refused(text[:start] + typed + text[stop:])
