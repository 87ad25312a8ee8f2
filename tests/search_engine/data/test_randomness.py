import torch

from search_engine.data.splits import seeded_generator


def numbers(*seeds: int) -> list[int]:
    return torch.randperm(20, generator=seeded_generator(*seeds)).tolist()


def test_same_seeds_give_the_same_numbers() -> None:
    assert numbers(1, 2) == numbers(1, 2)


def test_every_seed_and_every_bit_counts() -> None:
    drawn = [numbers(*seeds) for seeds in ((1, 2), (2, 1), (1, 2 + 2**32), (1,), (-1,), (12,))]
    assert all(drawn.count(each) == 1 for each in drawn)
