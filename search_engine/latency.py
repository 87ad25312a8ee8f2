"""How long a network takes for one batch."""

import statistics
import time

import torch

from search_engine.networks import Network

WARM_UP, REPEATS = 3, 15


@torch.inference_mode()
def measure_latency(network: Network, batch_size: int = 1) -> float:
    """Median seconds of a forward pass in eval mode, on the network's device.

    Args:
        network: its mode is kept.
        batch_size: images in the batch.
    """
    device = next(network.parameters()).device
    image = network.architecture.skeleton.image
    images = torch.zeros(batch_size, image.channels, image.height, image.width, device=device)
    images = images.to(memory_format=torch.channels_last)
    training = network.training
    network.eval()
    times = []
    for _ in range(WARM_UP + REPEATS):
        started = time.perf_counter()
        network(images)
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        times.append(time.perf_counter() - started)
    network.train(training)
    return statistics.median(times[WARM_UP:])
