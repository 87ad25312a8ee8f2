"""What `export` does."""

import argparse

import torch

from search_engine.checkpoint import load_checkpoint
from search_engine.errors import CheckpointError

TOLERANCE = 1e-4
"""Largest change of a logit, as a share of the logits' scale, with which an export is written."""


def export(arguments: argparse.Namespace) -> int:
    """Write a checkpoint as a torch.export program with a dynamic batch, checked by its outputs.

    Raises:
        CheckpointError: the checkpoint is damaged, or the export computes something else.
    """
    network = load_checkpoint(arguments.checkpoint)
    image = network.architecture.skeleton.image
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(4, image.channels, image.height, image.width, generator=generator)
    batch = torch.export.Dim("batch", min=1, max=4096)
    program = torch.export.export(network, (images,), dynamic_shapes=({0: batch},))
    with torch.no_grad():
        expected, got = network(images[:3]), program.module()(images[:3])
    difference = float((expected - got).abs().max() / expected.abs().max())
    if not difference <= TOLERANCE:
        raise CheckpointError(str(arguments.out), f"the export differs by {difference:.1e}")
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    torch.export.save(program, arguments.out)
    print(f"{arguments.out}: largest difference {difference:.1e} of the logits' scale")
    return 0
