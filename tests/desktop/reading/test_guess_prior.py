"""A decoder's prior is certain if metadata name it; otherwise it is a guess, and a note says so."""

import pytest

from desktop.base.errors import ModelError
from desktop.latent.prior import NORMAL, Prior, PriorKind
from desktop.models.open_source import open_source
from desktop.reading.guess_prior import prior_in
from tests.desktop.foreign_models import decoder

UNIFORM = Prior(PriorKind.UNIFORM)


@pytest.fixture
def read(tmp_path):
    """`read(overrides, **how)`: the source of a decoder that is written with the options `how`."""

    def open_it(overrides=None, **how):
        return open_source(decoder(tmp_path / "model.onnx", **how), overrides)

    return open_it


def test_without_a_word_the_prior_is_normal_and_a_guess(read):
    """The prior is among the guesses, and the note says so."""
    source = read(metadata={})
    assert (source.reading.prior, source.reading.guesses) == (NORMAL, {"prior"})
    assert source.guess_note == "model.onnx was read with guesses: prior (normal)"


@pytest.mark.parametrize("key", ["prior", "z_prior", "latent.distribution", "noise"])
def test_what_metadata_says_is_certain(read, key):
    """The prior is found under different keys."""
    reading = read(metadata={key: "Uniform(0, 1)"}).reading
    assert (reading.prior, reading.guesses) == (Prior(PriorKind.UNIFORM, 0.5, 0.5), frozenset())


@pytest.mark.parametrize("metadata", [{"prior": "see the paper"}, {"author": "Normal, Illinois"}])
def test_other_metadata_says_nothing(read, metadata):
    """A key with another meaning, and a text without a prior, leave the prior a guess."""
    assert read(metadata=metadata).reading.guesses == {"prior"}


def test_a_name_is_a_guess(read):
    """A latent input called z_uniform gives a uniform prior, as a guess."""
    reading = read(metadata={}, z_name="z_uniform").reading
    assert (reading.prior, reading.guesses) == (UNIFORM, {"prior"})


def test_an_override_settles_it(read):
    """An override takes precedence over names and metadata."""
    reading = read({"prior": "sphere:2"}, metadata={"prior": "normal"}).reading
    assert (reading.prior, reading.guesses) == (Prior(PriorKind.SPHERE, 2.0), frozenset())
    assert read({"prior": "normal"}, metadata={}).reading.guesses == frozenset()


def test_an_override_that_is_no_prior_is_refused(read):
    """The error is one line and says what can be set."""
    with pytest.raises(
        ModelError, match="found 'beta' for the prior, expected normal, uniform or sphere"
    ) as e:
        read({"prior": "beta"})
    assert e.value.option == "prior"


def test_what_this_program_exports_is_normal_for_certain(read, bundle_path):
    """A single decoder's metadata have the format, and a bundle needs nothing."""
    reading = read(metadata={"latent_plane.format": "latent-plane/1"}).reading
    assert (reading.prior, reading.guesses) == (NORMAL, frozenset())
    assert open_source(bundle_path).reading.prior == NORMAL


@pytest.mark.parametrize(
    ("text", "prior"),
    [
        ("U(-1, 1)", UNIFORM),
        ("uniform [-2; 2]", Prior(PriorKind.UNIFORM, 2.0)),
        ("torch.rand", UNIFORM),
        ("uniform", UNIFORM),
        ("uniform(3, 3)", UNIFORM),
        ("N(0, I)", NORMAL),
        ("standard Gaussian", NORMAL),
        ("torch.randn", NORMAL),
        ("unit hypersphere", Prior(PriorKind.SPHERE)),
        ("latent", None),
        ("brand", None),
        ("u", None),
    ],
)
def test_a_prior_is_found_in_a_text(text, prior):
    """The usual ways to name a prior are understood."""
    assert prior_in(text) == prior
