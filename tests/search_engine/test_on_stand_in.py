"""What must hold on a GPU and shows on the host's side, played on a runtime that computes nothing.

Each of these went wrong once, without a word, before there was a GPU to try it on.
"""

from typing import Any

import pytest

from tests.stand_in import StandIn

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def played(stand_in: StandIn) -> dict[str, Any]:
    """What came of the scenes on one modern card, in one process; the last one breaks it."""
    return stand_in.play(
        "replays_by_default",
        "failed_recording",
        "memory_of_streams",
        "recorded_beside_threads",
        "waits_of_a_norm_refresh",
        "latency_on_the_device",
        "full_memory",
        "kernels_of_a_team",
        "precision",
        "broken",
    )


def test_start_child_and_final_training_replay_graphs_unasked(played: dict[str, Any]) -> None:
    assert played["replays_by_default"].keys() == {"start", "child", "final"}
    assert min(played["replays_by_default"].values()) > 5


def test_a_failed_recording_leaves_nothing_behind(played: dict[str, Any]) -> None:
    found = played["failed_recording"]
    assert found["epochs"] == 2
    assert "not permitted when stream is capturing" in found["reason"]  # what went wrong first
    assert found["is_default_stream"]
    assert found["replays_of_the_next"] > 0  # it draws random numbers


def test_one_stream_serves_all_recordings(played: dict[str, Any]) -> None:
    """torch keeps a workspace for each, of 65 MiB on this card."""
    assert played["memory_of_streams"] < 200


def test_other_threads_may_use_the_device_while_a_step_is_recorded(played: dict[str, Any]) -> None:
    assert played["recorded_beside_threads"] == 0


def test_norms_are_measured_without_waiting(played: dict[str, Any]) -> None:
    assert played["waits_of_a_norm_refresh"] == 0


def test_latency_is_the_time_between_two_events_of_the_device(played: dict[str, Any]) -> None:
    found = played["latency_on_the_device"]
    assert found["graph:launch"] == found["sync:event"] >= 100


def test_full_memory_is_tried_again_and_not_blamed_on_the_network(played: dict[str, Any]) -> None:
    found = played["full_memory"]
    assert (found["malloc:refused"], found["failure"]) == (2, None)
    assert "other programs have filled" in found["neighbour"]


def test_a_fault_that_stays_is_known_as_such(played: dict[str, Any]) -> None:
    assert played["broken"] == [True, True, True]


def test_norms_over_several_cards_take_few_kernels_more(played: dict[str, Any]) -> None:
    found = played["kernels_of_a_team"]
    assert found["team"] < 1.3 * found["alone"]


def test_the_second_card_is_the_one_that_works(stand_in: StandIn) -> None:
    found = stand_in.play("second_device", devices=2)["second_device"]
    assert found["current"] == 1
    assert min(found["replays"]) > 0
    assert found["waits"]["sync:device 0"] == 0 < found["waits"]["sync:device 1"]
    assert "Graph is empty" in found["empty"]


def test_bfloat16_is_the_default_only_where_the_card_has_it(
    stand_in: StandIn, played: dict[str, Any]
) -> None:
    assert played["precision"] == "torch.bfloat16"
    assert stand_in.play("precision", capability=75)["precision"] == "None"


def test_a_card_without_code_is_told_with_what_to_install(stand_in: StandIn) -> None:
    found = stand_in.play("unusable", capability=61)["unusable"]
    for told in (found["told"], *found["faults"]):
        assert "sm_61" in told and "whl/cu126" in told
