"""The controller: a tree-LSTM encoder with three decision heads, its sampling and its learning."""

from search_engine.controller.baseline import Baseline
from search_engine.controller.controller import Controller
from search_engine.controller.encoder import TreeEncoder
from search_engine.controller.forest import Forest
from search_engine.controller.reinforce import (
    Outcome,
    Reinforce,
    UpdateReport,
    importance_weights,
    policy_loss,
)
from search_engine.controller.replay import Choices, replay
from search_engine.spec.strategy_settings import ReinforceSettings
