"""Training: one loop for start networks, children and final training.

What is importable from here needs no torch: the recipe, its learning rate, and the events. The work
is done by `search_engine.training.trainer.Trainer`; `.metrics` measures, `.state` saves and loads.
"""

from search_engine.training.events import EpochEnded, Event, StepProgress
from search_engine.training.recipe import Precision, Recipe
from search_engine.training.schedule import learning_rate

__all__ = ["EpochEnded", "Event", "Precision", "Recipe", "StepProgress", "learning_rate"]
