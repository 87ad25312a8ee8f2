"""What all tests share."""

import torch
from hypothesis import settings

# Two test processes share two cores: more threads would only wait for each other.
torch.set_num_threads(1)

# The same examples on every machine, and no deadline: the first example pays for imports.
settings.register_profile("espalier", deadline=None, derandomize=True)
settings.load_profile("espalier")
