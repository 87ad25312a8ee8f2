"""A network whose weights are cast to a lower precision all at once.

Autocast casts each weight by itself and its gradient back: two kernels for each weight and step,
a quarter of all that a small network has. Here one operation casts all of them, and one all
gradients. What is computed is the same to the last bit.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call


class LowPrecisionWeights:
    """Copies of a network's weights that autocast would cast, in its precision.

    Args:
        network: on its device; its modules stay as they are while this is used.
        dtype: of autocast.
    """

    def __init__(self, network: nn.Module, dtype: torch.dtype) -> None:
        found = {name: weight for name, weight in network.named_parameters() if weight.dim() >= 2}
        self._network = network
        self._weights = list(found.values())
        with torch.no_grad():
            self._copies = [weight.to(dtype).requires_grad_() for weight in self._weights]
        self._by_name: dict[str, Any] = dict(zip(found, self._copies, strict=True))

    def __call__(self, images: Tensor) -> Tensor:
        """The network's output for `images`, `(N, C, H, W)`; under autocast."""
        with torch.no_grad():
            torch._foreach_copy_(self._copies, [weight.detach() for weight in self._weights])
        for copy in self._copies:
            copy.grad = None
        output: Tensor = functional_call(self._network, self._by_name, (images,))
        return output

    @torch.no_grad()
    def collect(self) -> None:
        """After the backward pass: give the weights the gradients of their copies."""
        pairs = [
            (weight, copy.grad)
            for weight, copy in zip(self._weights, self._copies, strict=True)
            if copy.grad is not None
        ]
        gradients = [torch.empty_like(weight) for weight, _ in pairs]
        torch._foreach_copy_(gradients, [gradient for _, gradient in pairs])
        for (weight, _), gradient in zip(pairs, gradients, strict=True):
            weight.grad = gradient if weight.grad is None else weight.grad.add_(gradient)
