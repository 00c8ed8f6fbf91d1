"""The picture that a slow decoder gave in its trial, so that it need not be decoded again. No Qt."""

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
        z: where it was decoded, d numbers.
        picture: float32 [C, H, W] in [0, 1].
        seconds: how long the run took.
    """

    z: Vector
    picture: Floats
    seconds: float


def first_decode(trial: Trial, reading: Reading) -> FirstDecode | None:
    """The picture from the trial's last run; None if there is none."""
    if trial.last is None or reading.output not in trial.last:
        return None
    picture = tensors.probabilities(reading, trial.last[reading.output])[0]
    return FirstDecode(Vector(trial_z(reading)[0]), picture, trial.last_run_s)
