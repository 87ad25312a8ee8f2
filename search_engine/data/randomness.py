"""Random generators for a purpose."""

import hashlib

import torch


def seeded_generator(*seeds: int) -> torch.Generator:
    """A generator on the CPU that depends on all the seeds, and on all their bits.

    torch reads only 32 bits of a seed on the CPU, so 1 and 1 + 2**32 would give the same numbers:
    hence the hash.
    """
    digest = hashlib.sha256(repr(seeds).encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:4], "big"))
