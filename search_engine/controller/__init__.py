"""The controller: a tree-LSTM encoder with three decision heads, its sampling and its learning."""

from search_engine.controller.baseline import Baseline
from search_engine.controller.controller import Controller, SampledCell
from search_engine.controller.encoder import TreeEncoder
from search_engine.controller.forest import Forest, Place
from search_engine.controller.reinforce import (
    Outcome,
    Reinforce,
    UpdateReport,
    importance_weights,
    policy_loss,
)
from search_engine.controller.replay import Choices, Replay, replay
from search_engine.spec.strategy_settings import ReinforceSettings

__all__ = [
    "Baseline",
    "Choices",
    "Controller",
    "Forest",
    "Outcome",
    "Place",
    "Reinforce",
    "ReinforceSettings",
    "Replay",
    "SampledCell",
    "TreeEncoder",
    "UpdateReport",
    "importance_weights",
    "policy_loss",
    "replay",
]
