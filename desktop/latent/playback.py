"""Where a walk that is played stands at a time. No Qt."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Playback:
    """How a walk is played.

    Attributes:
        duration_s: from one end to the other.
        loop: again and again.
        ping_pong: there and back.
    """

    duration_s: float = 4.0
    loop: bool = False
    ping_pong: bool = False

    @property
    def round_s(self) -> float:
        """Seconds until it begins again, or ends."""
        return self.duration_s * (2 if self.ping_pong else 1)

    def share(self, elapsed_s: float) -> float:
        """How far along the walk it is, from 0 to 1; where it does not loop it stays at its end."""
        rounds = max(0.0, elapsed_s) / self.round_s
        phase = math.fmod(rounds, 1.0) if self.loop else min(rounds, 1.0)
        return 1 - abs(1 - 2 * phase) if self.ping_pong else phase

    def has_ended(self, elapsed_s: float) -> bool:
        """Whether there is no more to come."""
        return not self.loop and elapsed_s >= self.round_s
