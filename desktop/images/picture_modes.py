"""How a decoder's numbers are drawn: as they are, thresholded, or as a Bernoulli sample. No Qt."""

import numpy as np

from desktop.base.arrays import Floats
from desktop.models.source import Source
from desktop.reading.reading import ValueRange
from desktop.view.state import PictureMode


def are_probabilities(source: Source) -> bool:
    """Whether a model's numbers are the probabilities that pixels are 1.

    A bundle says so by its likelihood. A bare decoder does if it gives logits, or ends with a sigmoid, in one
    channel: colours are hardly ever 0 or 1.
    """
    if source.bundle is not None:
        return source.bundle.likelihood == "bernoulli"
    reading = source.reading
    if reading.image_shape[0] != 1:
        return False
    maker = "" if source.file is None else source.file.makers.get(reading.output, "")
    return reading.value_range is ValueRange.LOGITS or (
        reading.value_range is ValueRange.UNIT and maker == "Sigmoid"
    )


def drawn(numbers: Floats, mode: PictureMode) -> Floats:
    """Numbers float32 [C, H, W] in [0, 1] as a mode draws them; the same sample for the same shape."""
    if mode is PictureMode.THRESHOLDED:
        return (numbers > 0.5).astype(np.float32)
    if mode is PictureMode.SAMPLE:
        # The same noise for every picture, so that only the picture moves.
        noise = np.random.default_rng(0).random(numbers.shape, np.float32)
        return (noise < numbers).astype(np.float32)
    return numbers
