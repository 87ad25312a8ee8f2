"""How fast a GPU trains, told from its data sheet: an estimate where nothing was measured.

A step takes time for its kernels, which follow each other, and for the bytes that it moves. Both
are counted (`benchmarks/step_operations.py`); how long a kernel takes is assumed.
"""

from search_engine.spec.duration import Speed

BANDWIDTHS = {
    "B200": 8000,
    "H200": 4800,
    "H100 PCIe": 2000,
    "H100": 3350,
    "A100": 1555,
    "L40": 864,
    "L4": 300,
    "A10": 600,
    "V100": 900,
    "T4": 320,
    "RTX 5090": 1792,
    "RTX 5080": 960,
    "RTX 4090": 1008,
    "RTX 4080": 717,
    "RTX 3090": 936,
    "RTX 3080": 760,
    "RTX 3060": 360,
}
"""GB/s of memory, by a part of the name; the first that fits counts."""

USABLE = 0.6
"""Share of it that a training reaches: assumed."""

KERNELS_A_LAYER = 6.5
BYTES_A_NUMBER = 18
"""Of a step in bfloat16, for a layer and for a number that is kept for the backward pass: counted
for the networks of the paper's search."""

KERNEL_SECONDS = 2.7e-6
"""From the begin of a kernel to that of the next in a recorded graph: assumed, 2 to 3.5e-6."""


def estimated_speed(name: str) -> Speed | None:
    """What a card takes for a recorded step.

    Args:
        name: of the card, as the driver says it.

    Returns:
        None for one whose data sheet is not known here.
    """
    found = next((speed for part, speed in BANDWIDTHS.items() if part in name), None)
    if found is None:
        return None
    byte = 1 / (found * 1e9 * USABLE)
    return Speed(
        multiply_add=0.0,  # they take less time than the bytes that they need
        number=BYTES_A_NUMBER * byte,
        layer=KERNELS_A_LAYER * KERNEL_SECONDS,
        trial=2.0,
    )
