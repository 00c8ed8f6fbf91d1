"""The worker's job that computes accurate ELBOs for the test images that a page shows. No Qt.

They are computed like the ELBO of your image, not by one draw.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from desktop.base.arrays import Doubles
from desktop.jobs.cost import Cost
from desktop.jobs.encode import posterior_nodes
from desktop.jobs.kept_decoder import KeptDecoder
from desktop.jobs.sheet_steps import Sheet
from desktop.jobs.sheets import KnownScores, Order, caption_of, likelihood_of, scores_of, shown_images
from desktop.models.own_posterior import pictures_of
from export.bundle import Posterior

BETWEEN_S = 0.5  # the time between two sheets with new captions


def with_elbos(
    decoder: KeptDecoder,
    posterior: Posterior,
    known: KnownScores,
    sheet: Sheet,
    order: Order,
    label_names: Sequence[str],
    most_s: float,
) -> Iterator[Sheet | None]:
    """Yield the sheet of reconstructions with captions that say the same ELBO as the section Your image.

    Yields None after a step without new captions. The pictures and their order stay. Nothing changes with a
    slow decoder, without a likelihood, or if the ELBOs would take more than `most_s` seconds.
    """
    if likelihood_of(decoder, posterior) is None or decoder.is_slow:
        return
    shown = shown_images(posterior, known.scores, order, sheet.columns)
    left = [index for index in shown.tolist() if index not in known.means]
    nodes = len(posterior_nodes(posterior.mean[0], posterior.logvar[0])[1])
    is_long = Cost(len(left) * nodes, decoder.model.picture_s).seconds > most_s
    told_s = time.monotonic()
    for index in [] if is_long else left:
        yield from _find(decoder, posterior, index, known)
        if time.monotonic() - told_s > BETWEEN_S:
            yield _renewed(decoder, posterior, known, sheet, shown.tolist(), label_names)
            told_s = time.monotonic()
    yield _renewed(decoder, posterior, known, sheet, shown.tolist(), label_names)


def _find(decoder: KeptDecoder, posterior: Posterior, index: int, known: KnownScores) -> Iterator[None]:
    """Compute the mean distortion of an image over the nodes or draws that `desktop.jobs.encode` uses."""
    likelihood, model = likelihood_of(decoder, posterior), decoder.model
    assert likelihood is not None
    z, weights = posterior_nodes(posterior.mean[index], posterior.logvar[index])
    x, step, nats = pictures_of(posterior, np.array([index])), decoder.step_pictures, 0.0
    for start in range(0, len(z), step):
        part = slice(start, start + step)
        nats += float(likelihood.nats(x, model.decode_parameters(z[part])) @ weights[part])
        yield None
    known.means[index] = -nats


def _renewed(
    decoder: KeptDecoder,
    posterior: Posterior,
    known: KnownScores,
    sheet: Sheet,
    shown: Sequence[int],
    label_names: Sequence[str],
) -> Sheet:
    means: Doubles = np.full(len(posterior.mean), np.nan)
    means[list(known.means)] = list(known.means.values())
    scores = scores_of(decoder, posterior, means, "")
    captions = tuple(
        caption_of(posterior, index, label_names, scores) if index in known.means else old
        for index, old in zip(shown, sheet.captions, strict=True)
    )
    return replace(sheet, plan=replace(sheet.plan, captions=captions))
