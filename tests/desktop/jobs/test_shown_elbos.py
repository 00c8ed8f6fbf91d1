"""The page of reconstructions gives a test image the same ELBO as the section Your image."""

import numpy as np
import pytest

from desktop.base.words import in_nats
from desktop.jobs.decoded_pictures import DecodedPictures
from desktop.jobs.encode import encode
from desktop.jobs.kept_decoder import KeptDecoder
from desktop.jobs.sheet_steps import sheet_steps
from desktop.jobs.sheets import KnownScores, Order, held_out_scores, reconstructions_plan
from desktop.jobs.shown_elbos import with_elbos
from export.bundle import Posterior
from tests.desktop.small_bundles import encoder_graph


@pytest.fixture(params=[2, 3])
def held_out(request, make_bundle, make_model):
    """A decoder of two or three dimensions, and five test images as its encoder sees them."""
    shape = 1, 6, 6
    encoder = encoder_graph(shape, seed=0, latent_dim=request.param)
    model = make_model(make_bundle(request.param, shape, encoder=encoder))
    images = (np.random.default_rng(0).random((5, 1, 6, 6)) < 0.4).astype(np.uint8)
    mean, logvar = model.encode(images.astype(np.float32))
    return KeptDecoder(model, DecodedPictures()), Posterior(mean, logvar, images)


def test_the_captions_say_the_elbo_of_your_image(held_out):
    """The draws or quadrature nodes are the same; pictures and order stay; a second run decodes nothing."""
    decoder, posterior = held_out
    known = KnownScores()
    *_, scores = held_out_scores(decoder, posterior, known)
    plan = reconstructions_plan(posterior, scores, Order.WORST, 2)
    *_, sheet = sheet_steps(decoder, plan)
    assert all("ELBO by one draw" in caption for caption in sheet.captions)
    *steps, renewed = with_elbos(decoder, posterior, known, sheet, Order.WORST, (), np.inf)
    assert renewed.picture is sheet.picture
    assert (renewed.z == sheet.z).all()
    for index, caption in zip(np.argsort(scores.elbo), renewed.captions, strict=True):
        (encoded,) = encode(decoder.model, posterior.images[index].astype(np.float32))
        assert caption.startswith(f"test image {index}\nELBO {in_nats(encoded.elbo_nats)}: rate ")
    assert len(steps) >= 5
    assert len(list(with_elbos(decoder, posterior, known, sheet, Order.WORST, (), 0.0))) == 1


def test_what_takes_long_stays_by_one_draw(held_out):
    """Then the sheet does not change."""
    decoder, posterior = held_out
    known = KnownScores()
    *_, scores = held_out_scores(decoder, posterior, known)
    *_, sheet = sheet_steps(decoder, reconstructions_plan(posterior, scores, Order.FILE, 2))
    (same,) = with_elbos(decoder, posterior, known, sheet, Order.FILE, (), 0.0)
    assert same.captions == sheet.captions
