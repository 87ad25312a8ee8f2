"""REINFORCE: the controller learns from the rewards of the cells that it grew.

Log-probabilities are recomputed when the update is made, and each cell is weighted by how much more
likely it is now than when it was drawn. So trials may return in any order and after any number of
updates. Reference: Cai et al. 2018, section 3.3 (arXiv:1806.02639); Williams 1992.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from search_engine.controller.baseline import Baseline
from search_engine.controller.controller import Controller
from search_engine.controller.replay import Choices
from search_engine.spec.declared import Declared, Measured, Whole
from search_engine.spec.errors import InvalidConfig
from search_engine.spec.strategy_settings import ReinforceSettings


@dataclass(frozen=True, slots=True)
class Outcome(Declared):
    """A growth with its reward.

    Args:
        choices: how the controller grew the cell.
        log_probability: of the growth when it was drawn.
        update: how many updates the controller had had when it was drawn.
    """

    choices: Choices
    log_probability: Measured
    reward: Measured
    update: Whole


@dataclass(frozen=True, slots=True)
class UpdateReport(Declared):
    """Diagnostics of one update, as means over its batch.

    Args:
        entropy: of a cell's growth, in nats.
        advantage: reward minus baseline.
        weight: importance weight after the cut.
        lag: updates between drawing a cell and learning from it.
        gradient_norm: before it was scaled down.
    """

    entropy: Measured
    advantage: Measured
    weight: Measured
    lag: Measured
    gradient_norm: Measured


def importance_weights(log_probabilities: Tensor, behaviour: Tensor, max_weight: float) -> Tensor:
    """How much likelier each growth is now than when it was drawn, at most `max_weight`."""
    return (log_probabilities.detach() - behaviour).exp().clamp(max=max_weight)


def policy_loss(log_probabilities: Tensor, advantages: Tensor, weights: Tensor) -> Tensor:
    """The scalar whose gradient is minus the policy gradient; all arguments `(cells,)`."""
    return -(weights * advantages * log_probabilities).mean()


class Reinforce:
    """The learner of one controller."""

    def __init__(self, controller: Controller, settings: ReinforceSettings) -> None:
        self.controller = controller
        self.settings = settings
        self.baseline = Baseline(settings.baseline_decay)
        self.updates = 0
        self._adam = torch.optim.Adam(
            controller.parameters(), lr=settings.learning_rate, fused=True
        )

    def update(self, outcomes: Sequence[Outcome]) -> UpdateReport:
        """Make one update from a batch."""
        settings = self.settings
        rewards = [outcome.reward for outcome in outcomes]
        log_p, entropies = self.controller.log_probabilities([o.choices for o in outcomes])
        advantages = log_p.new_tensor(self.baseline.advantages(rewards))
        behaviour = log_p.new_tensor([outcome.log_probability for outcome in outcomes])
        weights = importance_weights(log_p, behaviour, settings.max_weight)
        # The entropy, too, is that of the present policy, so its states are weighted alike.
        bonus = settings.entropy_bonus * (weights * entropies).mean()
        norm = self._step(policy_loss(log_p, advantages, weights) - bonus)
        lags = [self.updates - outcome.update for outcome in outcomes]
        self.baseline.add(rewards)
        self.updates += 1
        return UpdateReport(
            entropy=entropies.mean().item(),
            advantage=advantages.mean().item(),
            weight=weights.mean().item(),
            lag=sum(lags) / len(lags),
            gradient_norm=norm,
        )

    def tensors(self) -> dict[str, Tensor]:
        """Copies of the controller's values and Adam's, by name."""
        found = {f"controller.{k}": v for k, v in self.controller.state_dict().items()}
        names = [name for name, _ in self.controller.named_parameters()]
        for index, moments in self._adam.state_dict()["state"].items():
            found |= {f"adam.{key}.{names[index]}": value for key, value in moments.items()}
        return {name: value.detach().clone() for name, value in found.items()}

    def load_tensors(self, tensors: Mapping[str, Tensor]) -> None:
        """Go on from what `tensors` gave; names of others are passed over.

        Raises:
            InvalidConfig: a tensor of the controller is missing or has another shape.
        """
        for name, value in self.controller.state_dict().items():
            found = tensors.get(f"controller.{name}")
            if found is None or found.shape != value.shape:
                got = "none" if found is None else f"shape {tuple(found.shape)}"
                raise InvalidConfig(
                    f"controller.{name}", f"expected shape {tuple(value.shape)}, got {got}"
                )
            value.copy_(found)
        moments: dict[int, dict[str, Tensor]] = {}
        for index, (name, _) in enumerate(self.controller.named_parameters()):
            own = {
                key: tensors[f"adam.{key}.{name}"].clone()
                for key in ("step", "exp_avg", "exp_avg_sq")
                if f"adam.{key}.{name}" in tensors
            }
            if own:
                moments[index] = own
        groups = self._adam.state_dict()["param_groups"]
        self._adam.load_state_dict({"state": moments, "param_groups": groups})

    def _step(self, loss: Tensor) -> float:
        self._adam.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(
            self.controller.parameters(), self.settings.max_gradient_norm, error_if_nonfinite=True
        )
        self._adam.step()
        return norm.item()
