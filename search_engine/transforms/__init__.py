"""Transformations on weights: a child network from its parent, without losing the function."""

from search_engine.transforms.distil import distil
from search_engine.transforms.inherit import inherit
from search_engine.transforms.morph import (
    ANNEALING,
    calibrate,
    gate_opening,
    remove_gates,
    set_opening,
)
