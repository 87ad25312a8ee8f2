"""A data set's images on the device that trains: held there once where they fit, else streamed."""

import torch
from torch import Tensor

from search_engine.data.dataset import Dataset


class DeviceImages:
    """The images and labels of one data set for one device. Share it: every `Batches` can use it.

    Where the images fit in the limit they are moved once (`resident`), as uint8. Where they do not,
    each batch is gathered on the host, in pinned memory for a CUDA device, and moved. On the CPU
    they are there already, and are not copied when stored channels last.

    Args:
        dataset: where the images come from.
        device: where batches are wanted.
        memory_limit_bytes: the most memory that the images may take; by default half of what is
            free on a CUDA device, and no limit elsewhere, where memory is the host's own.
    """

    def __init__(
        self,
        dataset: Dataset,
        device: torch.device | str = "cpu",
        *,
        memory_limit_bytes: int | None = None,
    ) -> None:
        self.device = torch.device(device)
        self.image_shape = dataset.image_shape
        limit = _default_limit(self.device) if memory_limit_bytes is None else memory_limit_bytes
        self.resident = dataset.images.nbytes <= limit
        home = self.device if self.resident else torch.device("cpu")
        # One contiguous row per image: index_select then copies whole rows, ten times faster.
        self._pixels = dataset.images.to(home).permute(0, 2, 3, 1).contiguous().flatten(1)
        self._labels = dataset.labels.to(self.device)

    @property
    def resident_bytes(self) -> int:
        """Bytes that the images take on the device; 0 when they are streamed."""
        return self._pixels.nbytes if self.resident else 0

    @property
    def index_device(self) -> torch.device:
        """Where `gather` wants its indexes: where the images lie."""
        return self._pixels.device

    def gather(self, indexes: Tensor) -> tuple[Tensor, Tensor]:
        """Images and labels at `indexes`, on the device.

        Args:
            indexes: int64, `(N,)`, on `index_device`.

        Returns:
            uint8, `(N, H * W * C)`, pixels in channels-last order; int64, `(N,)`.
        """
        labels = self._labels.index_select(0, indexes.to(self.device, non_blocking=True))
        if self.resident or self.device.type != "cuda":
            return self._pixels.index_select(0, indexes).to(self.device), labels
        shape = (len(indexes), self._pixels.shape[1])
        pinned = torch.empty(shape, dtype=torch.uint8, pin_memory=True)
        torch.index_select(self._pixels, 0, indexes, out=pinned)
        return pinned.to(self.device, non_blocking=True), labels


def _default_limit(device: torch.device) -> int | float:
    if device.type != "cuda":
        return float("inf")
    free_bytes, _ = torch.cuda.mem_get_info(device)
    return free_bytes // 2
