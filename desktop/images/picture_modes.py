"""Draws a decoder's numbers as they are, thresholded, or as a sample. No Qt."""

import numpy as np

from desktop.base.arrays import Floats
from desktop.latent.likelihood import SAMPLE_SEED, Family, Likelihood, Parameters, as_data
from desktop.models.source import Source
from desktop.reading.reading import ValueRange
from desktop.view.state import PictureMode


def are_probabilities(source: Source) -> bool:
    """Whether a model's numbers are the probabilities that pixels are 1.

    For a bundle, the likelihood must be Bernoulli and the data binary. A bare decoder must have one channel,
    because colour data are hardly ever binary, and give logits or end with a sigmoid.
    """
    if source.bundle is not None:
        return source.bundle.likelihood == Family.BERNOULLI and source.bundle.levels == 2
    reading = source.reading
    if reading.image_shape[0] != 1:
        return False
    maker = "" if source.file is None else source.file.makers.get(reading.output, "")
    return reading.value_range is ValueRange.LOGITS or (
        reading.value_range is ValueRange.UNIT and maker == "Sigmoid"
    )


def modes_of(source: Source) -> frozenset[PictureMode]:
    """The modes that make sense for a model."""
    if are_probabilities(source):
        return frozenset(PictureMode)
    sample = frozenset({PictureMode.SAMPLE}) if source.likelihood is not None else frozenset()
    return sample | {PictureMode.PROBABILITIES}


def drawn(
    numbers: Floats,
    mode: PictureMode,
    likelihood: Likelihood | None = None,
    parameters: Parameters | None = None,
) -> Floats:
    """Numbers float32 [C, H, W] in [0, 1] as a mode draws them.

    A sample is drawn from `likelihood` with `parameters`, or by default from Bernoulli probabilities, always
    with the same seed.
    """
    if mode is PictureMode.THRESHOLDED:
        return as_data(numbers, 2)
    if mode is not PictureMode.SAMPLE:
        return numbers
    if likelihood is not None and parameters is not None:
        sample: Floats = likelihood.samples(parameters)[0]
        return sample
    noise = np.random.default_rng(SAMPLE_SEED).random(numbers.shape, np.float32)
    return (noise < numbers).astype(np.float32)
