"""What the loop does: one step by hand, events, faults, stopping, random numbers."""

import copy
from collections.abc import Callable, Iterator

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from search_engine.networks import CondenseNet, Network
from search_engine.spec.errors import (
    CheckpointError,
    InvalidConfig,
    OutOfMemory,
    TrainingDiverged,
    TrainingStopped,
    TrialFault,
)
from search_engine.spec.recipe import Precision, Recipe
from search_engine.spec.training_events import EpochEnded, StepProgress
from search_engine.training import monitoring
from search_engine.training.metrics import evaluate
from search_engine.training.monitoring import DivergenceGuard
from search_engine.training.step import make_optimiser
from search_engine.training.trainer import Trainer
from tests.devices import DEVICE
from tests.search_engine.training.small import (
    child_network,
    digits,
    one_step_trainer,
    random_batches,
    same_weights,
    start_network,
    train,
    trainer,
)


def gradients(network: Network, smoothing: float = 0.0) -> tuple[dict[str, Tensor], float]:
    """Gradients and loss of the first batch that `one_step_trainer` sees."""
    images, labels = next(random_batches(56).epoch(0))
    loss = F.cross_entropy(network(images), labels, label_smoothing=smoothing)
    loss.backward()
    found = {n: p.grad for n, p in network.named_parameters() if p.grad is not None}
    return found, loss.item()


def norm_of(tensors: Iterator[Tensor]) -> Tensor:
    return torch.cat([tensor.detach().flatten() for tensor in tensors]).norm()


@pytest.mark.thorough
def test_a_start_network_learns_digits() -> None:
    training, validation = digits()
    recipe = Recipe(epochs=6, learning_rate=0.1, label_smoothing=0.1)
    network = start_network(blocks=2)
    ended = train(Trainer(network, recipe, training, validation, seed=0))
    print([f"{event.validation_accuracy:.3f}" for event in ended])
    assert ended[-1].validation_accuracy is not None
    assert ended[-1].validation_accuracy > 0.9
    assert ended[-1].loss < ended[0].loss
    assert not network.training


@pytest.mark.thorough
def test_a_child_learns_and_loses_its_gates() -> None:
    training, validation = digits()
    network = child_network()
    assert network.gates()
    recipe = Recipe(epochs=6, learning_rate=0.1)
    ended = train(Trainer(network, recipe, training, validation, seed=0))
    assert not network.gates()
    assert ended[-1].validation_accuracy == evaluate(network, validation).accuracy > 0.9


def test_a_step_is_nesterovs() -> None:
    network = start_network()
    before = copy.deepcopy(network)
    rate, momentum, decay = 0.5, 0.9, 0.01
    train(one_step_trainer(network, learning_rate=rate, momentum=momentum, weight_decay=decay))
    grads, _ = gradients(before)
    for name, weight in before.named_parameters():
        gradient = grads[name] + decay * weight
        expected = weight - rate * (gradient + momentum * gradient)
        torch.testing.assert_close(network.get_parameter(name), expected)


@pytest.mark.skipif(DEVICE.type == "cuda", reason="a recorded step calls nobody")
def test_the_optimiser_steps_once_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[float] = []
    monkeypatch.setattr(torch.optim.SGD, "step", lambda self: seen.append(rate_of(self)))
    train(trainer(start_network(), epochs=2, learning_rate=1.0))
    # Eight steps: (1 + cos(pi n / 8)) / 2.
    expected = [1.0, 0.9619, 0.8536, 0.6913, 0.5, 0.3087, 0.1464, 0.0381]
    assert seen == pytest.approx(expected, abs=1e-4)


def rate_of(optimiser: torch.optim.Optimizer) -> float:
    return float(optimiser.param_groups[0]["lr"])


def test_label_smoothing_mixes_in_the_uniform_target() -> None:
    network = start_network()
    before = copy.deepcopy(network)
    (ended,) = train(one_step_trainer(network, label_smoothing=0.2))
    images, labels = next(random_batches(56).epoch(0))
    log_p = before(images).log_softmax(dim=1)
    right = log_p.gather(1, labels[:, None]).mean()
    assert ended.loss == pytest.approx((-0.8 * right - 0.2 * log_p.mean()).item(), rel=1e-5)


def test_clipping_bounds_the_whole_gradient() -> None:
    network = start_network()
    before = copy.deepcopy(network)
    train(one_step_trainer(network, learning_rate=1.0, gradient_clip=0.01))
    changes = (b - a for a, b in zip(before.parameters(), network.parameters(), strict=True))
    assert float(norm_of(changes)) == pytest.approx(0.01, rel=1e-3)


def test_a_condensenet_pays_for_its_groups() -> None:
    network = start_network("condensenet")
    assert isinstance(network, CondenseNet)
    before = copy.deepcopy(network)
    train(one_step_trainer(network, learning_rate=1.0, lasso_weight=0.5))
    grads, _ = gradients(before)
    weights = {n: p for n, p in before.named_parameters() if "bottleneck.conv" in n}
    lassos = torch.autograd.grad(before.lasso(), list(weights.values()))
    for (name, weight), lasso in zip(weights.items(), lassos, strict=True):
        expected = weight - grads[name] - 0.5 * lasso
        torch.testing.assert_close(network.get_parameter(name), expected)


@pytest.mark.parametrize("decay_norms", [True, False])
def test_biases_and_norms_decay_unless_told_not_to(decay_norms: bool) -> None:
    network = start_network()
    recipe = Recipe(decay_norms=decay_norms, weight_decay=0.25)
    optimiser = make_optimiser(network, recipe, torch.device("cpu"))
    decays = {
        id(weight): group["weight_decay"]
        for group in optimiser.param_groups
        for weight in group["params"]
    }
    small = [weight for weight in network.parameters() if weight.dim() < 2]
    assert {decays[id(weight)] for weight in small} == {0.25 if decay_norms else 0.0}
    assert len(decays) == len(list(network.parameters()))


def test_events_count_steps_and_epochs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitoring, "EVENT_SECONDS", 0.0)
    events = list(trainer(start_network(), epochs=2).run())
    steps = [(e.epoch, e.step, e.steps) for e in events if isinstance(e, StepProgress)]
    assert steps == [(1, n, 8) for n in range(1, 5)] + [(2, n, 8) for n in range(5, 9)]
    assert [e.epoch for e in events if isinstance(e, EpochEnded)] == [1, 2]
    assert isinstance(events[4], EpochEnded)
    assert events[-1].eta_seconds == 0
    assert all(event.images_per_second > 0 for event in events)


def test_steps_are_told_at_most_twice_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitoring, "EVENT_SECONDS", 10**6)
    events = list(trainer(start_network(), epochs=1).run())
    assert [type(event) for event in events] == [StepProgress, EpochEnded]


def test_a_huge_learning_rate_diverges_with_a_reason() -> None:
    with pytest.raises(TrainingDiverged, match=r"epoch 1, step 4: expected .* loss, got") as got:
        train(trainer(start_network(), learning_rate=1e6))
    assert isinstance(got.value, TrialFault)


def test_a_hopeless_loss_diverges_once_it_is_settled() -> None:
    watch = DivergenceGuard(start_network())  # ten times log 10 is 23.03
    watch.check_loss(23.0, 1, 4, is_settled=True)
    watch.check_loss(1e6, 1, 4, is_settled=False)
    with pytest.raises(TrainingDiverged, match=r"at most 23.0, got 23.1"):
        watch.check_loss(23.1, 1, 4, is_settled=True)


def test_weights_that_are_not_finite_diverge() -> None:
    network = start_network()
    watch = DivergenceGuard(network)
    next(network.parameters()).data[0] = float("nan")
    with pytest.raises(TrainingDiverged, match="expected finite weights"):
        watch.check_weights(1, 4)


def failing(error: Exception) -> Callable[[nn.Module, object], None]:
    def fail(_: nn.Module, __: object) -> None:
        raise error

    return fail


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: out of memory, 2 GiB"),
        MemoryError("out of memory, 2 GiB"),
    ],
)
def test_too_little_memory_is_the_trials_fault(error: Exception) -> None:
    network = start_network()
    network.register_forward_pre_hook(failing(error))
    with pytest.raises(OutOfMemory, match="2 GiB") as got:
        train(trainer(network))
    assert got.value.__context__ is None
    assert isinstance(got.value, TrialFault)


def test_other_errors_are_not_taken_for_the_trials_fault() -> None:
    network = start_network()
    network.register_forward_pre_hook(failing(RuntimeError("a bug")))
    with pytest.raises(RuntimeError, match="a bug"):
        train(trainer(network))


def test_stopping_takes_effect_at_the_next_step() -> None:
    answers = iter([False] * 6 + [True])
    batches, recipe = random_batches(), Recipe(epochs=4, batch_size=16)
    stopped = Trainer(start_network(), recipe, batches, seed=5, should_stop=lambda: next(answers))
    with pytest.raises(TrainingStopped, match="after 1 complete"):
        train(stopped)
    with pytest.raises(CheckpointError, match="between epochs"):
        stopped.state()
    with pytest.raises(CheckpointError, match="restore a state"):
        train(stopped)


def test_the_callers_random_numbers_are_left_alone() -> None:
    before = torch.get_rng_state()
    for _ in trainer(child_network(drop_path=0.5)).run():
        assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(torch.get_rng_state(), before)


def test_the_callers_random_draws_change_nothing() -> None:
    quiet, noisy = child_network(drop_path=0.5), child_network(drop_path=0.5)
    train(trainer(quiet))
    for _ in trainer(noisy).run():
        torch.rand(3)
    assert same_weights(quiet, noisy)


@pytest.mark.parametrize(("seed", "same"), [(5, True), (6, False)])
def test_the_seed_decides_what_drop_path_drops(seed: int, same: bool) -> None:
    one, other = child_network(drop_path=0.5), child_network(drop_path=0.5)
    train(trainer(one, seed=5))
    train(trainer(other, seed=seed))
    assert same_weights(one, other) is same


def test_a_condensenet_is_condensed_when_trained() -> None:
    network = start_network("condensenet")
    assert isinstance(network, CondenseNet)
    train(trainer(network))
    images, _ = next(random_batches().in_order())
    torch.testing.assert_close(network.converted()(images), network(images))


def test_bfloat16_keeps_float32_weights() -> None:
    network = child_network()
    ended = train(trainer(network, precision="bfloat16"))
    assert {weight.dtype for weight in network.parameters()} == {torch.float32}
    assert ended[-1].loss < 3


def test_accuracy_is_measured_in_float32_whatever_a_network_is_trained_in() -> None:
    network, seen = child_network(), set[tuple[bool, torch.dtype]]()
    network.register_forward_hook(lambda _, __, out: seen.add((network.training, out.dtype)))
    recipe = Recipe(epochs=1, batch_size=16, precision=Precision.BFLOAT16, norm_batches=1)
    batches = random_batches()
    train(Trainer(network, recipe, batches, batches, seed=5))
    assert seen == {(True, torch.bfloat16), (False, torch.float32)}


def test_a_batch_size_other_than_the_recipes_is_refused() -> None:
    with pytest.raises(InvalidConfig, match="batch_size"):
        Trainer(start_network(), Recipe(batch_size=8), random_batches(16), seed=0)


def test_nothing_to_learn_from_is_refused() -> None:
    batches = random_batches(64, drop_last=True)
    with pytest.raises(InvalidConfig, match="at least one batch"):
        Trainer(start_network(), Recipe(), batches, seed=0)
