"""Decodes the same z after each epoch of a bundle, for a film of how the space forms. No Qt."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing

import numpy as np

from desktop.base.arrays import Floats
from desktop.base.machine import DeviceName
from desktop.jobs.cost import Cost
from desktop.jobs.decoded_pictures import DecodedPictures
from desktop.jobs.kept_decoder import KeptDecoder, space_of
from desktop.models.epochs import Epoch, epochs_of, load_epoch
from desktop.models.model import Model
from desktop.models.opened import Opened


def epoch_pictures(
    whole: Opened,
    device: DeviceName,
    z: Floats,
    kept: DecodedPictures,
    epochs: Sequence[Epoch] | None = None,
    on_model: Callable[[Model | None], object] = lambda _: None,
) -> Iterator[tuple[Epoch, Floats | None]]:
    """Decode z float32 [N, d] with the model after each of `epochs`, by default all.

    Yields each epoch with None while decoding, and then with the probabilities float32 [N, C, H, W]. Every
    step is short except an epoch's first, which loads the model. The pictures of a slow decoder are kept, so
    that a film that was cancelled does not decode them again. `on_model` is called with each model before it
    decodes, so that it can be interrupted, and with None after it. Raises BundleError if an epoch cannot be
    loaded or decoded.
    """
    for epoch in epochs_of(whole.model.source) if epochs is None else epochs:
        with closing(load_epoch(whole, epoch, device).model) as model:
            on_model(model)
            try:
                parts = []
                for piece in KeptDecoder(model, kept).pieces(z):
                    if piece is not None:
                        parts.append(piece[1])
                    yield epoch, None
            finally:
                on_model(None)
            yield epoch, np.concatenate(parts)


def epoch_pictures_cost(decoder: KeptDecoder, z: Floats, epochs: Sequence[Epoch]) -> Cost:
    """Return the cost of `epoch_pictures`, by the decoder of any epoch; kept pictures cost nothing."""
    if not decoder.is_slow:
        return Cost(len(z) * len(epochs), decoder.model.picture_s)
    reading = decoder.model.source.reading
    spaces = [space_of(epoch.hashes[0], reading) for epoch in epochs]  # the first hash is the decoder's
    keys = (decoder.kept.key(space, point) for space in spaces for point in z)
    return Cost(decoder.missing(keys), decoder.model.picture_s)
