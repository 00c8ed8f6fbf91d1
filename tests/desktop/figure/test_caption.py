"""A caption says what is visible, and names the facts needed to draw the same figure again."""

from dataclasses import replace

import numpy as np
import pytest

from desktop.base.vector import Vector
from desktop.figure.caption import caption_of, foot_point
from desktop.figure.figure import Figure, Ground, OwnImage, Part, Subject
from desktop.figure.layout import layout_of
from desktop.latent.plane import axis_plane
from desktop.latent.principal import principal_view
from desktop.latent.prior import Prior, PriorKind
from desktop.models.open_source import open_source
from desktop.reading.input_values import InputValue
from desktop.view.first_view import first_view
from desktop.view.state import ViewState
from export.bundle import Posterior
from tests.desktop.foreign_models import conditional

FIGURE = Figure(
    (700, 500), parts=frozenset({Part.BACKDROP, Part.POINTS, Part.SELECTED, Part.PRIOR, Part.PATH})
)


def test_it_counts_what_is_in_view(small_decoder, subject):
    """Points beyond the edges of the plane are not counted, and what is out of view is not named."""
    source, mean = small_decoder.model.source, subject.posterior.mean
    state = replace(subject.state, selected=(0, 1, 2), path=((0.5, 0.5), (0.6, 0.6)))
    whole = caption_of(source, replace(subject, state=state), FIGURE)
    assert "; 60 test images at their posterior means, coloured by label; rings around 3 of them" in whole
    assert "; contours that hold 50, 90 and 99 % of the prior; a path; grey" in whole
    near = replace(state, viewport=replace(state.viewport, center=tuple(mean[1].tolist()), span=0.5))
    text = caption_of(source, replace(subject, state=near), FIGURE)
    projection = layout_of(replace(subject, state=near), replace(FIGURE, caption=text)).projection
    left, bottom, right, top = projection.edges
    inside = ((mean > (left, bottom)) & (mean < (right, top))).all(axis=1)
    assert 0 < inside.sum() < 60
    assert f"; {inside.sum()} of 60 test images" in text
    assert f"; rings around {inside[:3].sum()} of them" in text
    far = replace(state, viewport=replace(state.viewport, center=(0.0, 1e30)))
    assert caption_of(source, replace(subject, state=far), FIGURE) == (
        "small. The picture decoded at each point of the plane; grey values of the decoded pictures inverted."
    )


def test_it_says_that_the_density_is_smoothed_where_posteriors_are_too_narrow(small_decoder, subject):
    """On the same plane the density is exact for wide posteriors, and for narrow ones in a close view."""
    source, words = small_decoder.model.source, "relative to the prior's peak, smoothed because many"
    figure = replace(FIGURE, parts=FIGURE.parts | {Part.DENSITY})
    assert "the density of the" in caption_of(source, subject, figure)
    assert "smoothed" not in caption_of(source, subject, figure)
    narrow = replace(subject.encoded, logvar=np.full_like(subject.encoded.logvar, -16))
    subject = replace(subject, encoded=narrow)
    assert words in caption_of(source, subject, figure)
    assert "smoothed" not in caption_of(source, subject, FIGURE)
    wide = replace(subject, encoded=replace(narrow, logvar=narrow.logvar + 16))
    assert words in caption_of(source, replace(wide, beside=subject, title=("A", "")), figure)
    center = tuple(narrow.mean[0].tolist())
    near = replace(subject.state, viewport=replace(subject.state.viewport, center=center, span=0.02))
    assert "smoothed" not in caption_of(source, replace(subject, state=near), figure)


@pytest.mark.parametrize(
    ("figure", "is_inverted"),
    [
        (FIGURE, True),
        (replace(FIGURE, is_inverted=False), False),
        (replace(FIGURE, ground=Ground.DARK), False),
    ],
)
def test_it_says_whether_grey_values_are_inverted(small_decoder, subject, figure, is_inverted):
    """Only a figure with inverted grey values has the clause."""
    assert ("grey values" in caption_of(small_decoder.model.source, subject, figure)) is is_inverted


def test_it_says_how_a_bare_model_is_read(tmp_path, subject):
    """The caption has the values of further inputs, also the view's, and the prior, which may be a guess."""
    file = conditional(tmp_path / "model.onnx")
    known = open_source(file, {"set label": "3"}, use_saved=False)
    assert caption_of(known, subject, FIGURE).startswith("model; label 3, strength 1; prior normal. ")
    guessed = replace(known, reading=replace(known.reading, guesses=frozenset({"prior"})))
    assert "; prior normal (a guess). " in caption_of(guessed, subject, FIGURE)
    told = open_source(file, {"prior": "uniform:-1,1"}, use_saved=False)
    view = replace(subject, state=replace(subject.state, inputs=(InputValue("label", 2),)))
    assert caption_of(told, view, FIGURE).startswith("model; label 2, strength 1; prior uniform in [−1, 1]. ")


def test_it_says_that_the_points_of_a_path_have_inputs_of_their_own(tmp_path, subject):
    """The model's label is the plane's; the points' labels follow the path, unless there are many."""
    source = open_source(conditional(tmp_path / "model.onnx"), {}, use_saved=False)
    plane, other, third = ((InputValue("label", number), InputValue("strength", 1)) for number in (0, 2, 3))

    def text(*inputs):
        path = tuple(Vector((0.1 * place, 0.5)) for place in range(len(inputs)))
        state = replace(subject.state, inputs=plane, path=path, path_inputs=inputs)
        return caption_of(source, replace(subject, state=state), FIGURE)

    assert text(plane, other, third).startswith("model; label 0, strength 1; ")
    words = "; a path whose points have inputs of their own"
    assert f"{words}: label 0 → label 2 → label 3; " in text(plane, other, third)
    assert f"{words}: label 2, strength 1; " in text(other, other)
    assert f"{words}; " in text(*(plane, other) * 4)
    assert "; a path; " in text(plane, plane)


def test_it_says_what_an_opened_image_is_and_its_gap(small_decoder, subject):
    """The caption covers opened images, too; it has the gap only if both posteriors are drawn."""
    circle = np.stack([np.cos(np.linspace(0, 6, 40)), np.sin(np.linspace(0, 6, 40))], axis=1)
    own = OwnImage(np.zeros(2, np.float32), np.zeros(2, np.float32), ((circle,), (circle,)), 3.25)
    figure = replace(FIGURE, parts=frozenset({Part.ENCODED, Part.TRUE_POSTERIOR}))
    text = caption_of(small_decoder.model.source, replace(subject, own=own), figure)
    assert "posterior of an image that was drawn or opened, 1 and 2 σ; " in text
    assert text.endswith("; gap log p(x) − ELBO 3.25 nats.")
    half = replace(figure, parts=frozenset({Part.ENCODED}))
    assert "gap" not in caption_of(small_decoder.model.source, replace(subject, own=own), half)


def test_it_says_where_a_plane_of_many_dimensions_lies():
    """The caption names an image, the prior's mean, a z, or samples; with two dimensions it names none."""
    mean = np.random.default_rng(1).normal(size=(40, 12)).astype(np.float32)
    points = Posterior(mean=mean, logvar=mean, labels=None, images=None)
    principal = principal_view(mean)
    state = ViewState(z=principal.z, plane=principal.plane)
    nearest = int(np.linalg.norm(mean - mean.mean(axis=0), axis=1).argmin())
    assert foot_point(Subject(state.at((1.5, -2.0)), points)) == (
        "a and b are measured from the points' mean; the plane goes through the posterior mean of test image "
        f"{nearest}"
    )
    through_mean = state.with_plane(axis_plane(np.zeros(12), 3, 5))
    centred = replace(through_mean, z=through_mean.plane.embed((0.3, 0.2)))
    assert foot_point(Subject(centred, points)) == "the plane goes through the prior's mean"
    z = np.array([3.0, *[0.0] * 10, 4.0])
    elsewhere = foot_point(Subject(ViewState(z=z, plane=axis_plane(z, 1, 2))))
    assert elsewhere == "the plane goes through z = 3.0000, 0.0000, … (12 numbers, norm 5)"
    short = foot_point(Subject(ViewState(z=z[:3], plane=axis_plane(z[:3], 1, 2))))
    assert short == "the plane goes through z = 3.0000, 0.0000, 0.0000"
    samples = first_view(12, Prior(PriorKind.UNIFORM), seed=9)
    assert foot_point(Subject(samples)) == "the plane goes through three samples of the prior, seed 9"
    assert foot_point(Subject(first_view(2))) == ""
