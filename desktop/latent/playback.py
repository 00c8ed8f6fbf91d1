"""Computes the position of a walk in playback at a given time. No Qt."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Playback:
    """The settings of a walk's playback.

    Attributes:
        duration_s: the time from one end to the other.
        loop: whether the walk is repeated.
        ping_pong: whether the walk goes there and back.
    """

    duration_s: float = 4.0
    loop: bool = False
    ping_pong: bool = False

    @property
    def round_s(self) -> float:
        """Seconds until the walk repeats or ends."""
        return self.duration_s * (2 if self.ping_pong else 1)

    def share(self, elapsed_s: float) -> float:
        """The position along the walk, from 0 to 1. Without `loop` it stays at the end."""
        rounds = max(0.0, elapsed_s) / self.round_s
        phase = math.fmod(rounds, 1.0) if self.loop else min(rounds, 1.0)
        return 1 - abs(1 - 2 * phase) if self.ping_pong else phase

    def has_ended(self, elapsed_s: float) -> bool:
        """Whether the walk is over."""
        return not self.loop and elapsed_s >= self.round_s
