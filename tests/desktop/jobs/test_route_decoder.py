"""Along a path each picture is decoded with the inputs of its place."""

from itertools import pairwise

import numpy as np
import onnxruntime as ort
import pytest

from desktop.base.vector import Vector
from desktop.film.film import Film, path_cost, path_film
from desktop.jobs.cost import Progress
from desktop.jobs.decoded_pictures import DecodedPictures
from desktop.jobs.kept_decoder import KeptDecoder
from desktop.jobs.path_frames import path_frames
from desktop.jobs.route import Route, straight_walk, walk_route
from desktop.jobs.route_decoder import along
from desktop.latent.paths import PathKind
from desktop.models.model import Model
from desktop.models.open_source import open_source
from desktop.reading.input_values import InputValue, values_of
from tests.desktop.foreign_models import conditional

POINTS = (Vector((-1.0, 0.5)), Vector((0.5, 1.0)), Vector((1.0, -1.0)))


@pytest.fixture
def opened(tmp_path):
    """`opened(one_hot)`: a decoder of four classes, which are one-hot or numbers."""
    held = []

    def make(one_hot=True):
        model = Model(
            open_source(conditional(tmp_path / "model.onnx", one_hot=one_hot), use_saved=False), "cpu"
        )
        held.append(model)
        return KeptDecoder(model, kept)

    kept = DecodedPictures()
    yield make
    kept.close()
    for model in held:
        model.close()


def values(label, strength):
    return (InputValue("label", label), InputValue("strength", strength))


def by_hand(decoder, z, labels, strengths):
    """The pictures at z by ONNX Runtime alone, one at a time, each with its label and strength."""
    session = ort.InferenceSession(decoder.model.source.path.read_bytes(), providers=["CPUExecutionProvider"])
    return np.concatenate(
        [
            session.run(None, {"z": one[None], "label": label, "strength": np.array(strength, np.float32)})[0]
            for one, label, strength in zip(z, labels, strengths, strict=True)
        ]
    )


def test_a_film_s_classes_and_numbers_blend_as_z_does(opened, tmp_path, gif_frames, same_picture):
    """The frames are those of ONNX Runtime with the weights of both points' classes."""
    decoder = opened()
    route = Route(POINTS[:2], inputs=(values(0, 1.0), values(3, 2.0)))
    film = Film(frame_count=5, fps=10, scale=4)
    for _ in path_film(decoder, route, film, tmp_path / "a.gif"):
        pass
    shares = np.linspace(0, 1, 5)
    z = straight_walk(route).frames(5)[:]
    labels = [np.array([[1 - share, 0, 0, share]], np.float32) for share in shares]
    expected = by_hand(decoder, z, labels, 1 + shares)
    frames = gif_frames(tmp_path / "a.gif")
    assert same_picture(frames[:, ::4, ::4], np.rint(255 * expected[:, 0]).astype(np.uint8))


def test_a_whole_class_switches_halfway(opened):
    """In a closed path, the last leg leads back to the first point's class."""
    decoder = opened(one_hot=False)
    route = Route(POINTS, closed=True, inputs=(values(0, 1.0), values(3, 1.0), values(1, 1.0)))
    z = straight_walk(route).along(np.linspace(0, 1, 13))
    t = z.t
    labels = [np.array([(0, 3, 1, 0)[round(float(place))]], np.int64) for place in np.floor(t + 0.5)]
    (_, first), *others = [piece for piece in along(decoder, route).pieces(z) if piece is not None]
    pictures = np.concatenate([first, *(found for _, found in others)])
    assert np.abs(pictures - by_hand(decoder, z[:], labels, [1.0] * 13)).max() < 1e-6


def test_a_path_of_one_class_is_decoded_as_ever(opened):
    """The decoder itself decodes it, or one with the other class, in the same steps."""
    decoder = opened()
    now = values_of(decoder.model.source.further_inputs)
    assert along(decoder, Route(POINTS)) is decoder
    assert along(decoder, Route(POINTS, inputs=(now,) * 3)) is decoder
    other = along(decoder, Route(POINTS, inputs=(values(2, 1.0),) * 3))
    assert type(other) is KeptDecoder
    assert other.model.source.further_inputs[0].value == 2


def test_equal_visual_change_counts_the_change_of_the_class(opened):
    """Where z moves little and the class changes, the walk is slow."""
    decoder, near = opened(), Vector((-1.0, 0.51))
    route = Route(
        (POINTS[0], near, POINTS[1]), kind=PathKind.VISUAL, inputs=(values(0, 1), *[values(3, 1)] * 2)
    )
    pacing = walk_route(along(decoder, route), route)
    with pytest.raises(StopIteration) as ended:
        while True:
            next(pacing)
    walk = ended.value.value
    assert np.interp(1, walk.t, walk.distance) > 0.5 * walk.distance[-1]


@pytest.mark.usefixtures("all_are_slow")
def test_pictures_of_a_slow_decoder_are_kept_by_their_inputs(opened):
    """The same z with another class has another picture; kept pictures cost nothing, in the view too."""
    decoder = opened()
    route = Route(POINTS[:2], inputs=(values(0, 1.0), values(3, 1.0)))
    film = Film(frame_count=5)
    assert path_cost(decoder, route, film).pictures == 5
    walk = straight_walk(route)
    *_, frames = path_frames(along(decoder, route), walk, 5)
    assert frames.shares.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert path_cost(decoder, route, film).pictures == 0
    at_view = along(decoder, Route(POINTS[:2], inputs=(values(3, 1.0),) * 2))
    assert at_view.is_there(walk.frames(5)) == [False, False, False, False, True]


@pytest.mark.usefixtures("all_are_slow")
def test_the_time_that_is_left_is_learned_on_the_way(opened):
    """Each picture has inputs of its own, and the estimate for the others takes all of them into account."""
    decoder = opened()
    decoder.model.picture_s = 1000.0
    route = Route(POINTS[:2], inputs=(values(0, 1.0), values(3, 1.0)))
    steps = path_frames(along(decoder, route), straight_walk(route), 5)
    left_s = [step.left_s / (step.total - step.done) for step in steps if isinstance(step, Progress)]
    assert left_s[0] == 1000
    assert all(after < before for before, after in pairwise(left_s))
