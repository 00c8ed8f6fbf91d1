"""Rendering follows the prior, and starts at the window's first view or at any other z."""

import sys

import imageio.v3 as imageio
import numpy as np
import onnxruntime as ort
import pytest

from desktop import render
from desktop.images.note import read_note
from desktop.images.pixels import tile, to_bytes
from desktop.latent.paths import PathKind
from desktop.latent.plane import Viewport, axis_plane, sample_prior
from desktop.latent.principal import principal_view
from desktop.latent.prior import Prior, PriorKind
from desktop.view.first_view import first_view
from desktop.view.provenance import from_text
from export.bundle import Posterior
from tests.desktop.foreign_models import decoder


@pytest.fixture
def call(monkeypatch, capsys):
    """`call(*arguments)`: the command's exit status, standard output and standard error."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["render", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            render.main()
        return end.value.code, *capsys.readouterr()

    return run


@pytest.fixture
def refused(call):
    """`refused(*arguments)`: the one line that is printed, with status 2 and nothing on standard output."""

    def run(*arguments):
        status, out, err = call(*arguments)
        assert (status, out, err.count("\n")) == (2, "", 1)
        return err.rstrip("\n")

    return run


@pytest.fixture
def bare(tmp_path):
    """`bare(latent_dim)`: a bare decoder whose metadata do not name its prior."""

    def write(latent_dim):
        return decoder(tmp_path / f"bare{latent_dim}.onnx", latent_dim=latent_dim, metadata={}, scale=0.3)

    return write


def decoded_sheet(path, z, columns):
    """Decode z one by one with ONNX Runtime alone: the pictures as a sheet."""
    session = ort.InferenceSession(path)
    pictures = session.run(None, {"latent": np.asarray(z, np.float32)})[0]
    return tile(to_bytes(pictures.reshape(len(z), 1, 8, 10)), columns)


def state_in(path):
    """Return the state that an export carries."""
    return from_text(read_note(path)).state


def test_samples_and_traversals_follow_the_prior(call, tmp_path, bare, same_picture):
    """With --prior uniform, the samples are within the range, and the traversals go across it."""
    path, out, prior = bare(3), tmp_path / "a.png", Prior(PriorKind.UNIFORM, 1.0, 1.0)
    options = ("--out", out, "--prior", "uniform:0,2")
    assert call("samples", path, *options, "--n", 3, "--seed", 4)[::2] == (0, "")
    assert same_picture(imageio.imread(out), decoded_sheet(path, prior.sample(9, 3, 4), 3))
    assert state_in(out).prior == prior
    options = (*options, "--no-titles")
    assert call("traversals", path, *options, "--z", "1,2,3", "--n", 4, "--dimensions", 1)[0] == 0
    z = np.tile([1.0, 2.0, 3.0], (4, 1))
    z[:, 0] = np.linspace(0, 2, 4)
    assert same_picture(imageio.imread(out), decoded_sheet(path, z, 4))


def test_the_plane_follows_the_prior(call, tmp_path, bare, same_picture):
    """The quantiles 0.05 to 0.95 of a uniform prior are even steps."""
    path, out = bare(2), tmp_path / "a.png"
    assert call("plane", path, "--out", out, "--prior", "uniform:-1,1", "--n", 5)[0] == 0
    steps = np.linspace(-0.9, 0.9, 5)
    z = [(a, b) for b in steps[::-1] for a in steps]
    assert same_picture(imageio.imread(out), decoded_sheet(path, z, 5))


def test_in_many_dimensions_the_plane_goes_through_samples(call, tmp_path, bare, same_picture):
    """The picture has even steps over the window's first view, or over that of the given seed."""
    path, out = bare(20), tmp_path / "a.png"
    for seed, options in ((0, ()), (3, ("--seed", 3))):
        assert call("plane", path, "--out", out, "--prior", "normal", "--n", 4, *options)[0] == 0
        state = first_view(20, seed=seed)
        steps = state.viewport.span * np.array([-3, -1, 1, 3]) / 8
        (x, y), u, v = state.viewport.center, np.array(state.plane.u), np.array(state.plane.v)
        z = [state.plane.origin + (x + a) * u + (y + b) * v for b in steps[::-1] for a in steps]
        assert same_picture(imageio.imread(out), decoded_sheet(path, z, 4))
        assert state_in(out) == state


def test_with_test_images_the_plane_is_that_of_their_principal_axes(call, tmp_path, make_bundle):
    """The window has the same plane, and the traversals the same z; --axes goes through the prior's mean."""
    mean = np.random.default_rng(0).normal(1, (1, 3, 0.5, 2), (300, 4)).astype(np.float32)
    path, out = make_bundle(latent_dim=4, posterior=Posterior(mean, np.zeros_like(mean))), tmp_path / "a.png"
    begun = principal_view(mean)
    for command in ("plane", "traversals"):
        assert call(command, path, "--out", out, "--n", 2)[0] == 0
        state = state_in(out)
        assert (state.z, state.plane) == (begun.z, begun.plane)
        assert state.viewport == state.chart.around(state.plane.project(mean))
    assert call("plane", path, "--out", out, "--n", 2, "--axes", 1, 2)[0] == 0
    state = state_in(out)
    assert (state.plane, state.viewport) == (axis_plane((0.0,) * 4, 1, 2), Viewport())


def test_a_plane_can_be_around_any_z_with_any_span(call, tmp_path, bare, same_picture):
    """The pictures are at even steps over the span, on two axes through the point."""
    path, out = bare(3), tmp_path / "a.png"
    options = ("--prior", "normal", "--z", "1,2,3", "--axes", 2, 0, "--span", 2, "--n", 2)
    assert call("plane", path, "--out", out, *options)[0] == 0
    z = [(1.5, 2, 2.5), (1.5, 2, 3.5), (0.5, 2, 2.5), (0.5, 2, 3.5)]
    assert same_picture(imageio.imread(out), decoded_sheet(path, z, 2))
    state = state_in(out)
    assert (state.z, state.viewport) == ((1.0, 2.0, 3.0), Viewport((3.0, 1.0), 2.0))


def test_traversals_start_at_a_sample(call, tmp_path, bare, same_picture):
    """In many dimensions this is the first view's sample, or that of a seed; --span sets their range."""
    path, out = bare(20), tmp_path / "a.png"
    for seed, options in ((0, ()), (3, ("--seed", 3))):
        options = ("--prior", "normal", "--dimensions", 1, "--n", 3, "--span", 4, *options)
        assert call("traversals", path, "--out", out, *options, "--no-titles")[0] == 0
        z = np.tile(sample_prior(1, 20, seed), (3, 1))
        z[:, 0] = (-2, 0, 2)
        assert same_picture(imageio.imread(out), decoded_sheet(path, z, 3))


def test_a_path_goes_through_samples_on_the_shell(call, refused, tmp_path, bare):
    """With --seed it needs no points; in many dimensions it is spherical by default."""
    path, out = bare(20), tmp_path / "a.png"
    options = ("--out", out, "--prior", "normal", "--frames", 3, "--seed", 2)
    assert call("path", path, *options)[0] == 0
    state = state_in(out)
    assert np.array_equal(np.float32(state.path), sample_prior(4, 20, 2))
    assert state.path_kind is PathKind.SPHERICAL
    assert call("path", path, *options, "--interpolation", "straight")[0] == 0
    assert state_in(out).path_kind is PathKind.STRAIGHT
    assert call("path", bare(2), *options)[0] == 0
    assert state_in(out).path_kind is PathKind.STRAIGHT
    said = refused("path", path, "--out", out)
    assert said.startswith("python -m desktop.render: found neither --z nor --seed, expected one of them")


@pytest.mark.parametrize("name", ["plane", "traversals"])
def test_a_view_has_one_start(refused, tmp_path, make_bundle, name):
    """A point together with a seed is refused."""
    said = refused(name, make_bundle(), "--out", tmp_path / "a.png", "--z", "0,0", "--seed", 1)
    assert "found --z and --seed, expected one of them" in said


def test_a_prior_that_is_none_is_refused(refused, tmp_path, bare):
    """The error is one line with the option's values."""
    said = refused("samples", bare(2), "--out", tmp_path / "a.png", "--prior", "beta")
    assert "found 'beta' for the prior, expected normal, uniform or sphere" in said
