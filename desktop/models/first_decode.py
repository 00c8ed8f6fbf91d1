"""What a slow decoder gave while it was tried, so that nobody waits for the same picture again. No Qt."""

from dataclasses import dataclass

from desktop.base.arrays import Floats
from desktop.base.vector import Vector
from desktop.reading import tensors
from desktop.reading.reading import Reading
from desktop.reading.trial_z import trial_z
from desktop.vetting.trial import Trial


@dataclass(frozen=True)
class FirstDecode:
    """The picture that a decoder gave while it was opened.

    Attributes:
        z: d numbers.
        picture: float32 [C, H, W] in [0, 1].
        seconds: how long the run took.
    """

    z: Vector
    picture: Floats
    seconds: float


def first_decode(trial: Trial, reading: Reading) -> FirstDecode | None:
    """The picture that the trial's only run gave, if it gave one."""
    if trial.last is None or reading.output not in trial.last:
        return None
    picture = tensors.probabilities(reading, trial.last[reading.output])[0]
    return FirstDecode(Vector(trial_z(reading)[0]), picture, trial.last_run_s)
