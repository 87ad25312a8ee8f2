"""REINFORCE against the exact gradient, on a space whose cells can all be counted."""

import pytest
import torch
from torch import Tensor

from search_engine.controller import (
    Controller,
    Outcome,
    Reinforce,
    ReinforceSettings,
    importance_weights,
    policy_loss,
)
from search_engine.spec.errors import InvalidConfig
from tests.search_engine.controller.spaces import TINY, every_growth, generator, small_controller

pytestmark = pytest.mark.thorough

GROWTHS = sorted(every_growth(TINY))
REWARD = {growth: 1 + (37 * index % 17) / 4 for index, growth in enumerate(GROWTHS)}
REWARDS = torch.tensor([REWARD[growth] for growth in GROWTHS], dtype=torch.float64)
BASELINE = 2.5
SAMPLES = 1500
UNCUT = ReinforceSettings(
    hidden=6, embedding=4, entropy_bonus=0.0, max_weight=1e12, max_gradient_norm=1e12
)


def flat(controller: Controller, scalar: Tensor) -> Tensor:
    """Gradient of a scalar in one vector."""
    weights = list(controller.parameters())
    gradients = torch.autograd.grad(scalar, weights, retain_graph=True, materialize_grads=True)
    return torch.cat([gradient.flatten() for gradient in gradients])


def outcomes(controller: Controller, count: int, seed: int, update: int = 0) -> list[Outcome]:
    """Cells that the controller draws now, with their rewards."""
    cells = controller.sample(count, generator(seed))
    return [Outcome(c.choices, c.log_probability, REWARD[c.choices], update) for c in cells]


def learn(controller: Controller, updates: int) -> None:
    """Let the policy move away from where it was."""
    learner = Reinforce(controller, ReinforceSettings(learning_rate=0.01))
    for update in range(updates):
        learner.update(outcomes(controller, 10, seed=update, update=update))


def estimate(controller: Controller, drawn: list[Outcome]) -> Tensor:
    """Minus the gradient that an update leaves behind."""
    learner = Reinforce(controller, UNCUT)
    learner.baseline.value = BASELINE
    weights = [weight.detach().clone() for weight in controller.parameters()]
    learner.update(drawn)
    gradients = [torch.zeros_like(w) if w.grad is None else w.grad for w in controller.parameters()]
    with torch.no_grad():
        for weight, before in zip(controller.parameters(), weights, strict=True):
            weight.copy_(before)
    return -torch.cat([gradient.flatten() for gradient in gradients])


def projections(size: int) -> Tensor:
    """Ten random directions, in which gradients are compared."""
    directions = torch.randn(size, 10, generator=generator(99), dtype=torch.float64)
    return torch.nn.functional.normalize(directions, dim=0)


@pytest.mark.parametrize("lag", [0, 1, 4, 8])
def test_monte_carlo_gradient_agrees_with_the_exact_one_after_a_lag(lag: int) -> None:
    controller = small_controller(TINY)
    behaviour = controller.log_probabilities(GROWTHS)[0].detach()
    drawn = outcomes(controller, SAMPLES, seed=lag + 100)
    learn(controller, lag)
    log_p, _ = controller.log_probabilities(GROWTHS)
    exact = flat(controller, (log_p.exp() * REWARDS).sum())
    directions = projections(len(exact))
    weights = (log_p.detach() - behaviour).exp() * (REWARDS - BASELINE)
    each = torch.stack([flat(controller, log_p[k]) for k in range(len(GROWTHS))])
    each = weights[:, None] * (each @ directions)
    variance = behaviour.exp() @ each**2 - (behaviour.exp() @ each) ** 2
    errors = (estimate(controller, drawn) - exact) @ directions / (variance / SAMPLES).sqrt()
    assert errors.abs().max() < 3


def test_the_policy_does_move_during_a_lag() -> None:
    controller = small_controller(TINY)
    before = controller.log_probabilities(GROWTHS)[0].detach()
    learn(controller, 8)
    weights = importance_weights(controller.log_probabilities(GROWTHS)[0], before, 1e12)
    assert weights.max() > 2
    assert weights.min() < 0.5


def test_cutting_the_weights_costs_no_more_than_what_is_cut() -> None:
    controller, cut = small_controller(TINY), 1.2
    behaviour = controller.log_probabilities(GROWTHS)[0].detach()
    learn(controller, 8)
    log_p, _ = controller.log_probabilities(GROWTHS)
    advantages = REWARDS - BASELINE
    expected = []
    for limit in (cut, 1e12):
        weights = importance_weights(log_p, behaviour, limit)
        # The mean over cells drawn by the old policy, in full.
        share = len(GROWTHS) * behaviour.exp()
        expected.append(-flat(controller, policy_loss(log_p, advantages, weights * share)))
    norms = torch.stack([flat(controller, log_p[k]).norm() for k in range(len(GROWTHS))])
    lost = ((log_p.detach() - behaviour).exp() - cut).clamp(min=0) * advantages.abs() * norms
    bias = (expected[0] - expected[1]).norm()
    assert 0 < bias <= (behaviour.exp() * lost).sum()


def test_weights_are_one_for_cells_drawn_now_and_never_above_the_cut() -> None:
    now = torch.tensor([-3.0, -3.0, -3.0, -3.0])
    before = torch.tensor([-3.0, -2.0, -4.0, -90.0])
    # exp(0), exp(-1), exp(1) and exp(87), the last two cut.
    expected = torch.tensor([1.0, 0.367879, 2.0, 2.0])
    torch.testing.assert_close(importance_weights(now, before, 2.0), expected)


def test_updates_make_rewarded_cells_likelier() -> None:
    controller = small_controller(TINY)
    before = (controller.log_probabilities(GROWTHS)[0].exp() * REWARDS).sum().item()
    learn(controller, 20)
    after = (controller.log_probabilities(GROWTHS)[0].exp() * REWARDS).sum().item()
    assert after > before + 0.5


def test_the_entropy_bonus_keeps_the_policy_more_open() -> None:
    entropies = []
    for bonus in (0.0, 1.0):
        controller = small_controller(TINY)
        learner = Reinforce(controller, ReinforceSettings(entropy_bonus=bonus))
        for seed in range(15):
            report = learner.update(outcomes(controller, 10, seed, update=seed))
        entropies.append(report.entropy)
    assert entropies[1] > entropies[0] + 0.1


def test_a_report_says_what_the_update_saw() -> None:
    controller = small_controller(TINY)
    learner = Reinforce(controller, ReinforceSettings())
    learner.update(outcomes(controller, 10, seed=0))
    baseline = learner.baseline.value
    assert baseline is not None
    late = outcomes(controller, 10, seed=1, update=0)
    report = learner.update(late)
    mean = sum(outcome.reward for outcome in late) / 10
    assert report.lag == 1
    assert report.weight == pytest.approx(1)
    assert report.advantage == pytest.approx(mean - baseline)
    assert learner.updates == 2


def test_long_gradients_are_scaled_down() -> None:
    controller = small_controller(TINY)
    learner = Reinforce(controller, ReinforceSettings(max_gradient_norm=0.01))
    report = learner.update(outcomes(controller, 10, seed=0))
    gradients = [w.grad.norm() for w in controller.parameters() if w.grad is not None]
    assert report.gradient_norm > 0.01
    assert torch.stack(gradients).norm().item() == pytest.approx(0.01, rel=1e-3)


@pytest.mark.parametrize(
    "wrong",
    [{"batch": 0}, {"learning_rate": 0.0}, {"baseline_decay": 1.0}, {"max_weight": 0.5}],
)
def test_settings_outside_their_limits_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InvalidConfig, match=next(iter(wrong))):
        ReinforceSettings(**wrong)  # type: ignore[arg-type]
