"""Tables on the device that the steps of an epoch read: order, noise and schedules."""

from collections.abc import Sequence

import torch
from torch import Tensor


class EpochTables:
    """The order, noise and schedules of one epoch, and the number of the next step.

    All tensors keep their addresses in memory, and the steps are counted on the device: a step that was
    recorded as a CUDA graph needs nothing from the host.

    Args:
        image_count: images in an epoch, N.
        batch_size: images in a step; the last step of an epoch may have fewer.
        latent_dim: d.
        device: where the steps are computed.
    """

    def __init__(self, image_count: int, batch_size: int, latent_dim: int, device: torch.device) -> None:
        self._batch_size = batch_size
        self._order = torch.zeros(image_count, dtype=torch.int64, device=device)
        self._noise = torch.zeros(image_count, latent_dim, device=device)
        step_count = -(-image_count // batch_size)
        self._schedules = torch.zeros(step_count, 3, device=device)
        self.place = torch.zeros(1, dtype=torch.int64, device=device)

    def fill(self, order: Tensor, noise: Tensor, schedules: Sequence[Sequence[float]], place: int) -> None:
        """Copy the draws and schedules of an epoch into the tables.

        order int64 [N], noise float32 [N, d]; `schedules` are the learning rates, the weights of the rate and
        those of the running average at each step; `place` is the number of the next step, from 0.
        """
        self._order.copy_(order)
        self._noise.copy_(noise)
        self._schedules.copy_(torch.tensor(schedules).T)
        self.place.fill_(place)

    def scheduled(self) -> tuple[Tensor, Tensor, Tensor]:
        """Learning rate, weight of the rate and weight of the running average at this step: scalars."""
        learning_rate, rate_weight, average_weight = self._schedules[self.place][0]
        return learning_rate, rate_weight, average_weight

    def drawn(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """The images (int64 [n]) and the noise (float32 [n, d]) of this step for some rows of its batch."""
        at = self.place * self._batch_size + rows
        return self._order[at], self._noise[at]
