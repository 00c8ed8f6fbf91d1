"""The cost of decoding pictures: how many are left, and how long they will take. No Qt."""

from dataclasses import dataclass

# Work that takes longer than this starts only when a person asks for it.
ASK_FROM_S = 10.0


@dataclass(frozen=True)
class Cost:
    """How many pictures have to be decoded, and how long one takes."""

    pictures: int
    picture_s: float

    @property
    def seconds(self) -> float:
        """How long all of them take."""
        return self.pictures * self.picture_s

    def in_words(self) -> str:
        """Describe the cost: "100 pictures, about 3 min"."""
        plural = "s" * (self.pictures != 1)
        return f"{self.pictures:,} picture{plural}, about {time_in_words(self.seconds)}"


@dataclass(frozen=True)
class Progress:
    """How many of the pictures are decoded, and how long the others will take."""

    done: int
    total: int
    left_s: float

    def in_words(self) -> str:
        """Describe the progress: "37 of 100 pictures, 2 min left"."""
        return f"{self.done:,} of {self.total:,} pictures, {time_in_words(self.left_s)} left"


def time_in_words(seconds: float) -> str:
    """Describe a time as "40 s", "3 min" or "2.5 h"."""
    if seconds <= 90:
        return f"{max(1, round(seconds))} s"
    return f"{seconds / 60:.0f} min" if seconds <= 90 * 60 else f"{seconds / 3600:.1f} h"
