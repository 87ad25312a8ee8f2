"""Final training: a chosen cell in a larger network, trained for long, resumable at any epoch.

What is importable from here needs no torch: settings, presets, placement, the start network to
compare with, results. `.train` trains, `.launch` trains on several devices.
"""

from search_engine.final_training.config import FinalData, FinalTrainingConfig, Weights
from search_engine.final_training.placement import growth_plan, placed
from search_engine.final_training.presets import FINAL_PRESETS, final_preset
from search_engine.final_training.reference import baseline, match_parameters
from search_engine.final_training.result import FinalResult

__all__ = [
    "FINAL_PRESETS",
    "FinalData",
    "FinalResult",
    "FinalTrainingConfig",
    "Weights",
    "baseline",
    "final_preset",
    "growth_plan",
    "match_parameters",
    "placed",
]
