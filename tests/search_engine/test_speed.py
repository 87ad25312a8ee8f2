"""How fast this machine trains."""

from search_engine.spec.duration import CPU_CORE
from search_engine.speed import measure_speed


def test_both_parts_of_a_step_are_measured() -> None:
    ticks = iter(range(10_000))
    # Each step takes one tick, whatever the network: so the sum over a step's parts is 1.
    found = measure_speed(clock=lambda: float(next(ticks)))
    assert found.layer > 0 and found.number > 0
    assert found.multiply_add / found.number == CPU_CORE.multiply_add / CPU_CORE.number


def test_a_slower_clock_gives_a_slower_machine() -> None:
    def ticking(step: float) -> float:
        ticks = iter(range(10_000))
        return measure_speed(clock=lambda: step * next(ticks)).layer

    assert ticking(2.0) > 1.9 * ticking(1.0)
