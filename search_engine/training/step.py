"""One step of training: forward, backward, update. Nothing in it waits for the device."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from search_engine.devices import has_bfloat16
from search_engine.networks import CondenseNet, Network
from search_engine.spec.recipe import Precision, Recipe
from search_engine.training.low_precision import LowPrecisionWeights
from search_engine.training.metrics import EpochMetrics
from search_engine.training.process_group import SINGLE_PROCESS, ProcessGroup


class TrainStep:
    """Trains a network on one batch at a time.

    `weight` scales this process's mean loss in the next step by its share of the batch's images; it
    is 1 for a process that trains alone.

    Args:
        network: in training mode, on its device.
        teacher: in eval mode on the same device, for a recipe with a weight for it.
        class_weights: what an image of each class counts in the loss, float32, `(classes,)`; all
            count alike where None.
    """

    def __init__(
        self,
        network: Network,
        recipe: Recipe,
        group: ProcessGroup = SINGLE_PROCESS,
        *,
        teacher: Network | None = None,
        class_weights: Tensor | None = None,
    ) -> None:
        self.device = next(network.parameters()).device
        self.autocast = autocast_type(recipe.precision, self.device)
        self.optimiser = make_optimiser(network, recipe, self.device)
        self.metrics = EpochMetrics(self.device)
        self.weight = 1.0
        self._network = network
        self._parallel = group.data_parallel(network)
        self._recipe = recipe
        self._teacher = teacher if recipe.teacher_weight else None
        self._class_weights = None if class_weights is None else class_weights.to(self.device)
        self._casts_at_once = self.autocast is not None and group.size == 1
        self.forget()
        self._lasso: Callable[[], Tensor] | None = None
        if isinstance(network, CondenseNet) and not network.is_converted and recipe.lasso_weight:
            self._lasso = network.lasso

    def __call__(self, images: Tensor, labels: Tensor) -> None:
        """Do one step on `images`, `(N, C, H, W)`, and their `labels`.

        Args:
            labels: int64, `(N,)`; or shares of the classes, float32, `(N, classes)`.
        """
        with torch.autocast(self.device.type, self.autocast, enabled=self.autocast is not None):
            logits = self._forward(images)
        logits = logits.float()
        loss = self._loss(logits, labels)
        if self._teacher is not None:
            share = self._recipe.teacher_weight
            loss = (1 - share) * loss + share * self._taught(self._teacher, images, logits)
        objective = loss if self.weight == 1.0 else self.weight * loss
        if self._lasso is not None:
            objective = objective + self._recipe.lasso_weight * self._lasso()
        self.optimiser.zero_grad(set_to_none=True)
        objective.backward()
        if self._low is not None:
            self._low.collect()
        if self._recipe.gradient_clip is not None:
            nn.utils.clip_grad_norm_(self._network.parameters(), self._recipe.gradient_clip)
        self.optimiser.step()
        self.metrics.add(loss, logits, labels)

    def forget(self) -> None:
        """Modules of the network have been replaced."""
        self._low: LowPrecisionWeights | None = None
        if self._casts_at_once and self.autocast is not None:
            self._low = LowPrecisionWeights(self._network, self.autocast)

    def _forward(self, images: Tensor) -> Tensor:
        return (self._low or self._parallel)(images)

    def _loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        if not len(labels):
            return logits.sum()  # no images here, but the batch norms still exchange gradients
        smoothing = self._recipe.label_smoothing
        if self._class_weights is None:
            return F.cross_entropy(logits, labels, label_smoothing=smoothing)
        losses = F.cross_entropy(logits, labels, label_smoothing=smoothing, reduction="none")
        # Not over the sum of the batch's weights, which each process of a group would see another.
        mixed = labels.is_floating_point()
        weights = labels @ self._class_weights if mixed else self._class_weights[labels]
        return (weights * losses).mean()

    def _taught(self, teacher: Network, images: Tensor, logits: Tensor) -> Tensor:
        """Kullback-Leibler divergence from the teacher's probabilities, the mean over images.

        Reference: Hinton et al. 2015 (arXiv:1503.02531), at temperature 1.
        """
        with (
            torch.no_grad(),
            torch.autocast(self.device.type, self.autocast, enabled=self.autocast is not None),
        ):
            taught = teacher(images)
        told, wanted = F.log_softmax(logits, dim=1), F.log_softmax(taught.float(), dim=1)
        return F.kl_div(told, wanted, log_target=True, reduction="batchmean")

    def set_learning_rate(self, value: float, *, head_alone: bool = False) -> None:
        """Set it for the next step, for new parts and old layers their multiples.

        On CUDA it is a tensor, which a recorded graph reads.

        Args:
            head_alone: old layers learn nothing.
        """
        for group in self.optimiser.param_groups:
            rate = 0.0 if head_alone and group["is_old"] else value * group["factor"]
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(rate)
            else:
                group["lr"] = rate

    def momentum(self) -> dict[str, Tensor]:
        """The momentum buffer of each parameter by name; empty for a recipe without momentum."""
        state = self.optimiser.state
        return {
            name: state[parameter]["momentum_buffer"]
            for name, parameter in self._network.named_parameters()
            if self._recipe.momentum > 0
        }


def balanced_weights(class_counts: Tensor) -> Tensor:
    """What an image of each class counts: inversely to how many there are, 1 in the mean over all.

    Args:
        class_counts: int64, `(classes,)`; a class without images counts nothing.

    Returns:
        float32, `(classes,)`.
    """
    present = class_counts > 0
    weights = class_counts.sum() / (present.sum() * class_counts.clamp(min=1))
    return weights.where(present, 0.0).float()


def autocast_type(precision: Precision, device: torch.device) -> torch.dtype | None:
    """The dtype used by autocast, or None where there is no autocast."""
    automatic = precision is Precision.AUTO and has_bfloat16(device)
    return torch.bfloat16 if automatic or precision is Precision.BFLOAT16 else None


def make_optimiser(network: Network, recipe: Recipe, device: torch.device) -> torch.optim.SGD:
    """Nesterov SGD, fused into one kernel for all weights.

    Its momentum buffers exist before the first step, filled with zeros: the updates are the same,
    and resuming and CUDA graphs find the tensors that they fill.
    """
    parts: dict[tuple[float, float, bool], list[nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        decay = recipe.weight_decay if recipe.decay_norms or parameter.dim() >= 2 else 0.0
        factor = recipe.new_rate if name in network.newborn else 1.0
        is_old = name not in network.newborn and not name.startswith(f"{network.last_layer}.")
        if is_old:
            factor = recipe.old_rate
        # Told apart only where that changes anything: fewer groups are faster.
        is_apart = is_old and recipe.head_epochs > 0
        parts.setdefault((decay, factor, is_apart), []).append(parameter)
    optimiser = torch.optim.SGD(
        [
            {
                "params": params,
                "lr": torch.zeros((), device=device) if device.type == "cuda" else 0.0,
                "weight_decay": decay,
                "factor": factor,
                "is_old": is_old,
            }
            for (decay, factor, is_old), params in parts.items()
        ],
        momentum=recipe.momentum,
        nesterov=recipe.momentum > 0,
        fused=True,
    )
    if recipe.momentum > 0:
        for parameter in network.parameters():
            optimiser.state[parameter]["momentum_buffer"] = torch.zeros_like(parameter)
    return optimiser
