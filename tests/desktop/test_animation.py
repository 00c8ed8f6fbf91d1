"""A path of pictures becomes a GIF, in steps that can be stopped."""

import time

import imageio.v3 as imageio
import numpy as np
import pytest
from PIL import Image, ImageSequence

from desktop.animation import path_gif

FRAME_PX = 6


def decode(z):
    """Pictures that differ at every z: a vertical line at the first coordinate, as bright as the second."""
    pictures = np.zeros((len(z), 1, FRAME_PX, FRAME_PX), np.float32)
    pictures[np.arange(len(z)), 0, :, z[:, 0].astype(int) % FRAME_PX] = z[:, 1, None]
    return pictures


def decode_colour(z):
    """The same line, red, on blue."""
    line = decode(z)
    return np.concatenate([line, np.zeros_like(line), np.ones_like(line)], axis=1)


def walk(count):
    """z [count, 2] of pictures that all differ from the one before."""
    return np.stack([np.arange(count), np.linspace(0.5, 1, count)], axis=1).astype(np.float32)


def names(folder):
    return sorted(file.name for file in folder.iterdir())


@pytest.mark.parametrize(("count", "scale"), [(2, 1), (16, 1), (17, 3), (50, 8)])
def test_the_gif_holds_every_picture_of_the_path(tmp_path, gif_frames, count, scale):
    """As many frames as z, in order, enlarged, and pixel for pixel what was decoded."""
    z = walk(count)
    assert list(path_gif(decode, z, tmp_path / "a.gif", 20, scale))
    frames = gif_frames(tmp_path / "a.gif")
    assert frames.shape == (count, FRAME_PX * scale, FRAME_PX * scale)
    expected = np.rint(decode(z)[:, 0] * 255).repeat(scale, axis=1).repeat(scale, axis=2)
    assert (frames == expected).all()
    assert names(tmp_path) == ["a.gif"]


def test_gray_pictures_share_one_palette(tmp_path):
    """Every frame is gray as the first one is: not all readers take a palette for each."""
    list(path_gif(decode, walk(5), tmp_path / "a.gif", 20, 2))
    with Image.open(tmp_path / "a.gif") as gif:
        assert [frame.mode for frame in ImageSequence.Iterator(gif)] == ["L"] * 5


def test_colours_stay_colours(tmp_path):
    """RGB pictures of few colours come back as they were."""
    list(path_gif(decode_colour, walk(5), tmp_path / "a.gif", 20, 2))
    frames = imageio.imread(tmp_path / "a.gif", index=None, mode="RGB")
    assert frames.shape == (5, 2 * FRAME_PX, 2 * FRAME_PX, 3)
    assert (frames[..., 2] == 255).all()
    assert frames[-1, 0, 2 * (4 % FRAME_PX), 0] == 255


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_a_narrow_picture_is_not_taken_for_colours(tmp_path, width):
    """Gray pictures of one to four columns become frames, as wide ones do."""
    list(path_gif(lambda z: decode(z)[..., :width], walk(5), tmp_path / "a.gif", 20, 1))
    with Image.open(tmp_path / "a.gif") as gif:
        assert gif.size == (width, FRAME_PX)


@pytest.mark.parametrize(
    ("fps", "duration_ms"), [(1, 1000), (3, 330), (7, 140), (13, 80), (20, 50), (30, 30), (45, 20), (50, 20)]
)
def test_a_frame_lasts_hundredths_of_a_second_and_never_less_than_two(tmp_path, fps, duration_ms):
    """The time of a frame is the nearest that GIF can say and viewers keep."""
    list(path_gif(decode, walk(4), tmp_path / "a.gif", fps, 1))
    with Image.open(tmp_path / "a.gif") as gif:
        durations = [(gif.seek(frame), gif.info["duration"])[1] for frame in range(gif.n_frames)]
        assert durations == [duration_ms] * 4


def test_the_gif_repeats_for_ever(tmp_path):
    """Loop 0 is written into the file: without it a GIF plays once."""
    list(path_gif(decode, walk(4), tmp_path / "a.gif", 20, 1))
    with Image.open(tmp_path / "a.gif") as gif:
        assert gif.info["loop"] == 0


def test_standing_still_takes_its_time(tmp_path):
    """Equal pictures in a row share a frame, which then lasts as long as all of them."""
    z = np.array([[0, 1]] * 3 + [[1, 1]] * 2, np.float32)
    list(path_gif(decode, z, tmp_path / "a.gif", 20, 1))
    with Image.open(tmp_path / "a.gif") as gif:
        durations = [(gif.seek(frame), gif.info["duration"])[1] for frame in range(gif.n_frames)]
        assert durations == [150, 100]


def test_progress_rises_from_its_first_step_to_one(tmp_path):
    """The shares never fall, stay between 0 and 1, and 1 comes last and once, when the file is there."""
    shares = []
    for share in path_gif(decode, walk(100), tmp_path / "a.gif", 20, 4):
        shares.append(share)
        assert (share == 1.0) == (tmp_path / "a.gif").exists()
    assert shares == sorted(shares)
    assert shares[0] < 0.2
    assert shares.count(1.0) == 1
    assert len([share for share in shares if share < 0.95]) == 7


@pytest.mark.parametrize("steps", [1, 3, 7, 8])
@pytest.mark.parametrize("old", [None, b"an old file"])
def test_cancelling_anywhere_leaves_the_folder_as_it_was(tmp_path, join_encoders, steps, old):
    """Closed while decoding or while encoding, nothing new stays and an old file is untouched."""
    place = tmp_path / "a.gif"
    if old is not None:
        place.write_bytes(old)
    before = names(tmp_path)
    making = path_gif(decode, walk(100), place, 20, 100)
    for _ in range(steps):
        assert next(making) < 1
    making.close()
    join_encoders()
    assert names(tmp_path) == before
    assert old is None or place.read_bytes() == old


def test_cancelling_does_not_wait_for_the_encoder(tmp_path, join_encoders):
    """Whoever cancels a large GIF goes on at once: encoding it would take seconds."""
    making = path_gif(decode, walk(300), tmp_path / "a.gif", 20, 100)
    while next(making) < 0.95:
        pass
    start = time.monotonic()
    making.close()
    assert time.monotonic() - start < 0.1
    join_encoders()
    assert names(tmp_path) == []


def test_a_gif_can_be_made_anew_while_the_cancelled_one_ends(tmp_path, join_encoders):
    """Cancel and save again under the same name: the second is written whole, the first never."""
    place = tmp_path / "a.gif"
    first = path_gif(decode, walk(300), place, 20, 100)
    while next(first) < 0.95:
        pass
    first.close()
    list(path_gif(decode, walk(5), place, 20, 1))
    join_encoders()
    assert names(tmp_path) == ["a.gif"]
    with Image.open(place) as gif:
        assert (gif.n_frames, gif.size) == (5, (FRAME_PX, FRAME_PX))


def test_a_decode_that_fails_leaves_nothing(tmp_path):
    """The error comes out of the step that failed and the folder is empty."""

    def fail_at_last(z):
        if z[-1, 0] > 30:
            raise ArithmeticError("enough")
        return decode(z)

    with pytest.raises(ArithmeticError, match="enough"):
        list(path_gif(fail_at_last, walk(40), tmp_path / "a.gif", 20, 1))
    assert names(tmp_path) == []


def test_a_folder_that_is_not_there_is_an_os_error_that_names_it(tmp_path):
    """What cannot be written raises, even though another thread writes it."""
    with pytest.raises(OSError, match="does not exist") as caught:
        list(path_gif(decode, walk(4), tmp_path / "no" / "a.gif", 20, 1))
    assert str(tmp_path / "no") in str(caught.value)
