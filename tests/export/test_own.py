"""export/own.py: other people's modules become a bundle."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.distributions import Bernoulli, Independent, Normal

import export
from export.bundle import DECODER_FILE, open_bundle
from export.containers import BundleError
from export.graphs import ExportError
from export.own_images import own_images
from export.own_likelihoods import own_likelihood
from export.parity import session
from training.likelihood import LIKELIHOODS, mean_and_log_scale

README = Path(__file__).parents[2] / "export" / "README.md"
SHAPE = (1, 5, 4)


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


class Encoder(nn.Module):
    """Pictures of `SHAPE`, in the range −1 to 1, to a distribution of z."""

    def __init__(self):
        super().__init__()
        self.dense = nn.Linear(20, 3)

    def forward(self, x):
        mean = self.dense(x.flatten(1))
        return Normal(mean, 0.5 * mean.exp())


class Both(nn.Module):
    """A VAE whose methods are given, with dropout and in float64."""

    def __init__(self):
        super().__init__()
        self.down, self.up = nn.Linear(20, 2 * 3), nn.Linear(3, 20)
        self.dropout = nn.Dropout()
        self.double()

    def encode(self, x):
        return {"latent": self.down(self.dropout(x).flatten(1)).chunk(2, 1)}

    def decode(self, z):
        return Independent(Bernoulli(logits=self.up(self.dropout(z)).view(-1, *SHAPE)), 3)


def grey(count=30):
    return np.random.default_rng(0).integers(0, 256, (count, *SHAPE[1:]), dtype=np.uint8)


def test_the_example_of_the_readme_runs_as_written(tmp_path, monkeypatch, few_mnist):
    """The example writes a bundle with the images, their labels, and their posteriors and pictures."""
    example = re.search(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)[1]
    assert len(example.splitlines()) <= 12
    monkeypatch.chdir(tmp_path)
    np.save("images.npy", few_mnist.test_images[:, 0])
    np.save("labels.npy", few_mnist.test_labels)
    names = {}
    exec(example, names)  # noqa: S102 - it is ours
    bundle = open_bundle(tmp_path / "my-digits.latent")
    posterior = bundle.read_posterior()
    assert (bundle.name, bundle.likelihood, bundle.latent_dim) == ("My digits", "bernoulli", 2)
    assert np.array_equal(posterior.images, few_mnist.test_images)
    assert np.array_equal(posterior.labels, few_mnist.test_labels)
    with torch.no_grad():
        expected = names["encoder"](torch.from_numpy(few_mnist.test_images).float()).chunk(2, 1)[0]
    np.testing.assert_allclose(posterior.mean, expected, atol=1e-5)


@pytest.mark.slow
def test_methods_of_one_module(tmp_path):
    """Dropout is off, float64 becomes float32; the module is untouched."""
    vae = Both()
    images = grey() > 127
    bundle = export.bundle_of(vae.decode, vae.encode, images=images, out=tmp_path / "b")
    assert vae.training and vae.up.weight.dtype == torch.float64 and vae.up.weight.requires_grad
    assert (bundle.likelihood, bundle.levels, bundle.latent_dim) == ("bernoulli", 2, 3)
    z = np.ones((2, 3), np.float32)
    (found,) = session(bundle.read("decoder.onnx")).run(None, {"z": z})
    expected = vae.up(torch.ones(2, 3, dtype=torch.float64)).sigmoid().detach().view(-1, *SHAPE)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    # Only the part that is used is in each graph.
    assert b"down" not in bundle.read("decoder.onnx")


@pytest.mark.slow
def test_another_range_of_pixels_and_a_measured_scale(tmp_path):
    """With black at −1, the picture is still from 0 to 1, the mean is not clipped, and σ is measured."""
    decoder, encoder, images = nn.Linear(3, 20), Encoder(), grey()
    bundle = export.bundle_of(decoder, encoder, images=images, pixel_range=(-1, 1), out=tmp_path / "b")
    assert (bundle.likelihood, bundle.levels) == ("gaussian", 256)
    mean_z = bundle.read_posterior().mean
    names = ("picture", "log_scale", "mean")
    picture, log_scale, mean = session(bundle.read("decoder.onnx")).run(names, {"z": mean_z})
    expected = (decoder(torch.from_numpy(mean_z)).detach().numpy().reshape(-1, *SHAPE) + 1) / 2
    np.testing.assert_allclose(mean, expected, atol=1e-5)
    np.testing.assert_allclose(picture, expected.clip(0, 1), atol=1e-5)
    errors = images[:, None] / 255 - expected
    np.testing.assert_allclose(np.exp(log_scale), np.sqrt((errors**2).mean()), rtol=1e-4)


def test_own_likelihoods_are_those_of_training():
    """A distribution has the same picture and the same nats, whatever numbers describe it."""
    logits, log_scale, x = torch.randn(4, *SHAPE), torch.randn(4, *SHAPE) - 2, torch.rand(4, *SHAPE)
    levels = (x * 255).round() / 255
    as_trained = torch.cat([logits, log_scale], 1)
    as_given = torch.cat(mean_and_log_scale(as_trained), 1)
    for name, own, trained, image in (
        ("bernoulli", logits.sigmoid(), logits, x.round()),
        ("gaussian", as_given, as_trained, x),
        ("logistic", as_given, as_trained, levels),
    ):
        likelihood = own_likelihood(name, gives_logits=False, has_one_scale=False)
        found, expected = (
            each.distortion_nats(output, image)
            for each, output in ((likelihood, own), (LIKELIHOODS[name], trained))
        )
        torch.testing.assert_close(found.float(), expected, rtol=1e-4, atol=1e-3)
        torch.testing.assert_close(likelihood.picture(own), LIKELIHOODS[name].picture(trained))
        assert likelihood.part_names == tuple(likelihood.parts(own))


@pytest.mark.slow
def test_a_decoder_alone(tmp_path):
    """z may have a shape, which becomes a row; the picture's shape is that of the decoder's output."""
    decoder = nn.Sequential(nn.ConvTranspose2d(2, 3, 4), nn.Sigmoid())
    bundle = export.bundle_of(decoder, latent_dim=(2, 1, 3), out=tmp_path / "b")
    assert (bundle.image_shape, bundle.latent_dim, bundle.files) == ((3, 4, 6), 6, ("decoder.onnx",))
    assert open_bundle(tmp_path / "b").latent_shape == (2, 1, 3)
    with pytest.raises(BundleError, match=r"choose another or pass overwrite=True$"):
        export.bundle_of(decoder, latent_dim=(2, 1, 3), out=tmp_path / "b")


def test_the_callers_defaults_do_not_matter(tmp_path):
    """A script that puts all new tensors elsewhere, and in double precision, gets the same bundle."""
    modules = nn.Sequential(nn.Linear(3, 20), nn.Unflatten(1, SHAPE)), Encoder()
    given = {"images": grey(), "spread": "std", "pixel_range": (-1, 1), "gives": "picture", "scale": 0.1}
    expected = export.bundle_of(*modules, **given, out=tmp_path / "expected")
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        with torch.device("meta"):
            found = export.bundle_of(*modules, **given, out=tmp_path / "found")
            assert torch.empty(1).device.type == "meta"
        assert torch.get_default_dtype() == torch.float64
    finally:
        torch.set_default_dtype(before)
    assert found.read(DECODER_FILE) == expected.read(DECODER_FILE)


@pytest.mark.parametrize(
    "decoder, options, words",
    [
        ({"weight": 1}, {}, r"found a dict, expected .*; load_state_dict\(\) fills one with saved weights"),
        (lambda z: z, {}, "the decoder: found a function, expected a torch.nn.Module"),
        (nn.Linear(3, 20), {}, r"does not take a tensor float32 \[64, 2\]: RuntimeError"),
        (nn.Linear(2, 21), {}, r"found \[64, 21\] for 64 z of shape \[2\], expected \[64, 1, 5, 4\]"),
        (nn.LSTM(2, 20), {}, "the decoder: found a tuple of float32 .*, expected one tensor of pictures"),
        (nn.Linear(2, 20), {"gives": "picture"}, "expected probabilities from 0 to 1 .* pass gives='logits'"),
        (nn.Linear(2, 20), {"likelihood": "gaussian", "gives": "picture"}, "scale: found no encoder"),
        (
            nn.Linear(2, 20),
            {"likelihood": "poisson"},
            "likelihood: found 'poisson', expected one of 'bernoulli'",
        ),
        (nn.Linear(2, 20), {"latent_dim": None}, "latent_dim: found none, expected"),
        (nn.Linear(2, 20), {"latent_dim": 2.0}, "latent_dim: found 2.0, expected a whole number"),
        (nn.Linear(2, 20), {"scale": 0.1}, "scale: found 0.1, but 'bernoulli' has none"),
        (
            nn.Linear(2, 20),
            {"images": grey().astype(np.float32)},
            "images: found numbers from 0 to 255 .*floats",
        ),
        (
            nn.Linear(2, 20),
            {"images": grey(), "labels": [1]},
            "labels: found int64 .1., expected a whole number",
        ),
    ],
)
def test_what_cannot_be_a_bundle(tmp_path, decoder, options, words):
    """The message says what was found and what was expected, and nothing is written."""
    options = {"latent_dim": 2, "image_shape": SHAPE, "out": tmp_path / "b"} | options
    with pytest.raises(ExportError, match=words):
        export.bundle_of(decoder, **options)
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize("name", ["own.onnx", "own.pt", "own.ZIP"])
def test_a_name_that_is_no_bundle_is_refused(tmp_path, name):
    """A model file is not made into a folder of that name, as the command does not either."""
    words = f"found '{tmp_path / name}', expected a new folder or a file ending in .latent"
    with pytest.raises(BundleError, match=re.escape(words)):
        export.bundle_of(nn.Linear(2, 20), latent_dim=2, image_shape=SHAPE, out=tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_whole_vae_is_to_be_given_as_its_halves(tmp_path):
    """The error names the two halves, with and without the size of z, for methods and modules."""
    words = "found a module that has 'encode' and 'decode', .*; pass vae.decode, vae.encode$"
    for options in ({}, {"latent_dim": 3}):
        with pytest.raises(ExportError, match=words):
            export.bundle_of(Both(), images=grey(), out=tmp_path / "b", **options)
    vae = nn.ModuleDict({"encoder": Encoder(), "decoder": nn.Linear(3, 20)})
    with pytest.raises(ExportError, match=r"; pass vae.decoder, vae.encoder$"):
        export.bundle_of(vae, images=grey(), out=tmp_path / "b")


def test_a_decoder_and_an_encoder_that_are_swapped_are_told(tmp_path):
    """The order is the decoder, then the encoder."""
    vae = Both()
    with pytest.raises(ExportError, match="; the decoder takes them: pass the decoder first, then the enc"):
        export.bundle_of(vae.encode, vae.decode, images=grey(), out=tmp_path / "b")


class Noisy(nn.Module):
    """A module whose output differs each time."""

    def forward(self, z):
        return torch.rand_like(z)


def test_what_is_random_is_refused(tmp_path):
    """A random decoder is refused, because two runs of the graph would differ."""
    with pytest.raises(ExportError, match="two different outputs for the same z"):
        export.bundle_of(Noisy(), latent_dim=2, image_shape=(1, 1, 2), out=tmp_path / "b")


def test_images_of_all_layouts_are_the_same():
    """uint8, floats, tensors; channels first, last or none; flat; images of black and white are binary."""
    images = grey()
    forms = (
        images,
        images[:, None],
        images[..., None],
        images / np.float32(255),
        torch.from_numpy(images),
    )
    for form in forms:
        assert np.array_equal(own_images(form, None, None).images, images[:, None])
    assert np.array_equal(own_images(images.reshape(-1, 20), None, SHAPE).images, images[:, None])
    binary = (images > 127).astype(np.uint8)
    for form in (binary, binary * np.uint8(255), binary.astype(bool), binary.astype(np.float32)):
        found = own_images(form, None, None)
        assert found.levels == 2 and np.array_equal(found.images, binary[:, None])
    with pytest.raises(ExportError, match=r"images: found shape .30, 20., expected"):
        own_images(images.reshape(-1, 20), None, None)
