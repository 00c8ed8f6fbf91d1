"""A sequence of pictures becomes a file with exactly these frames, in steps that can be cancelled."""

import threading

import imageio.v3 as imageio
import numpy as np
import pytest
from PIL import Image

from desktop.film.formats import AnimationError, Format
from desktop.film.writer import Look, make_animation
from desktop.images.note import read_note
from desktop.images.pixels import enlarge
from tests.waiting import SOON_S

FRAME_PX = 6
LOSSLESS = [Format.GIF, Format.WEBP, Format.APNG]
NOTE = '{"latent_plane":1,"text":"' + "x" * 600 + '"}'


def moving(count, channels=1):
    """Return pictures of a vertical line that moves right and becomes brighter; in colour, red on blue."""
    frames = np.zeros((count, FRAME_PX, FRAME_PX), np.uint8)
    levels = np.linspace(90, 255, count).astype(np.uint8)
    frames[np.arange(count), :, np.arange(count) % FRAME_PX] = levels[:, None]
    if channels == 1:
        return frames
    rest = [np.zeros_like(frames), np.full_like(frames, 255), np.full_like(frames, 255)]
    return np.stack([frames, *rest][:channels], axis=-1)


def make(path, frames, look):
    """Run all steps; `pictures` is called with some frame numbers at a time."""
    return list(make_animation(path, len(frames), lambda indices: frames[list(indices)], look))


def read(path):
    """Return every frame of the file, uint8 [T, H, W, 3], and its duration in milliseconds."""
    with Image.open(path) as image:
        frames, durations = [], []
        for index in range(image.n_frames):
            image.seek(index)
            frames.append(np.asarray(image.convert("RGB")))
            durations.append(image.info["duration"])
    return np.stack(frames), durations


def as_rgb(frames, scale=1):
    frames = frames if frames.ndim == 4 else np.repeat(frames[..., None], 3, axis=-1)
    return frames[..., :3].repeat(scale, axis=1).repeat(scale, axis=2)


def names(folder):
    return sorted(file.name for file in folder.iterdir())


@pytest.fixture(params=LOSSLESS, ids=lambda kind: kind.value)
def kind(request):
    return request.param


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize(("count", "scale"), [(2, 1), (17, 3), (50, 2)])
def test_the_file_holds_every_frame_as_it_was(tmp_path, kind, channels, count, scale):
    """The file has all frames in order, enlarged, pixel for pixel, with equal durations."""
    frames = moving(count, channels)
    path = tmp_path / f"a{kind.ending}"
    make(path, frames, Look(kind, 20, scale))
    found, durations = read(path)
    assert (found == as_rgb(frames, scale)).all()
    assert durations == [50] * count
    assert names(tmp_path) == [path.name]


def test_standing_still_keeps_its_frames(tmp_path, kind):
    """Equal frames are not merged: not at the start, not in the middle, and not if all are equal."""
    for frames in (moving(9)[[0, 0, 0, 3, 3, 5, 5, 5, 5]], np.full((40, 4, 4), 7, np.uint8)):
        path = tmp_path / f"a{kind.ending}"
        make(path, frames, Look(kind, 10))
        found, durations = read(path)
        assert (found == as_rgb(frames)).all()
        assert durations == [100] * len(frames)


def test_the_file_repeats_for_ever(tmp_path, kind):
    """The file has loop count 0; without a count, it would play once."""
    make(tmp_path / "a", moving(4), Look(kind))
    with Image.open(tmp_path / "a") as image:
        assert image.info["loop"] == 0


def test_text_travels_in_the_file(tmp_path, kind):
    """The note reader finds the comment, even if it is longer than one block of a GIF."""
    make(tmp_path / "a", moving(4), Look(kind, comment=NOTE))
    assert read_note(tmp_path / "a") == NOTE
    make(tmp_path / "b", moving(4), Look(kind))
    assert read_note(tmp_path / "b") is None


def test_transparency_stays_where_the_format_has_it(tmp_path):
    """WebP and APNG keep alpha; a GIF shows the picture on black."""
    frames = moving(5, 4)
    frames[..., 3] = 128
    for kind in (Format.WEBP, Format.APNG):
        make(tmp_path / "a", frames, Look(kind))
        with Image.open(tmp_path / "a") as image:
            image.seek(4)
            assert (np.asarray(image.convert("RGBA")) == frames[4]).all()
    make(tmp_path / "a", frames, Look(Format.GIF))
    assert read(tmp_path / "a")[0][..., 2].tolist() == np.full((5, FRAME_PX, FRAME_PX), 128).tolist()


def test_gray_pictures_keep_all_their_levels(tmp_path):
    """One palette of 256 grays serves all frames of a GIF: no gray is rounded, and none flickers."""
    frames = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)[[0, 0]]
    frames[1] = frames[1, ::-1]
    make(tmp_path / "a.gif", frames, Look(Format.GIF))
    assert (read(tmp_path / "a.gif")[0] == as_rgb(frames)).all()


def test_many_colours_share_one_palette(tmp_path):
    """An unchanged pixel keeps its colour in all frames of a GIF, and no colour is far off."""
    draw = np.random.default_rng(0)
    frames = np.stack([draw.integers(0, 256, (24, 24, 3), dtype=np.uint8)] * 12)
    frames[:, :12] = draw.integers(0, 256, (12, 12, 24, 3), dtype=np.uint8)
    make(tmp_path / "a.gif", frames, Look(Format.GIF))
    found, _ = read(tmp_path / "a.gif")
    assert len(found) == 12
    assert (found[:, 12:] == found[:1, 12:]).all()
    assert np.abs(found.astype(int) - frames).mean() < 25


def test_captions_stand_under_every_frame(tmp_path, kind):
    """The picture above is unchanged, and the text changes with the frame."""
    frames = moving(6).repeat(20, axis=1).repeat(20, axis=2)
    make(tmp_path / "a", frames, Look(kind, captions=[[f"frame {index}"] for index in range(6)]))
    found, _ = read(tmp_path / "a")
    assert (found[:, :120] == as_rgb(frames)).all()
    strips = found[:, 120:]
    assert strips.shape[1] > 10
    assert all((strips[i] != strips[j]).any() for i in range(6) for j in range(i))


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_a_narrow_picture_is_not_taken_for_colours(tmp_path, kind, width):
    """Gray pictures with one to four columns become frames, as wide ones do."""
    make(tmp_path / "a", moving(5)[..., :width], Look(kind))
    with Image.open(tmp_path / "a") as image:
        assert (image.size, image.n_frames) == ((width, FRAME_PX), 5)


@pytest.mark.parametrize(
    ("fps", "duration_ms"), [(1, 1000), (3, 330), (7, 140), (13, 80), (20, 50), (30, 30), (45, 20), (60, 20)]
)
def test_a_frame_of_a_gif_lasts_hundredths_of_a_second_and_never_less_than_two(tmp_path, fps, duration_ms):
    """The duration is the nearest one that GIF can store and viewers respect."""
    make(tmp_path / "a.gif", moving(4), Look(Format.GIF, fps))
    assert read(tmp_path / "a.gif")[1] == [duration_ms] * 4


@pytest.mark.parametrize("channels", [1, 3])
def test_an_mp4_holds_every_frame(tmp_path, channels):
    """All frames are there, almost unchanged, at their speed; odd sides get one more row; text is kept."""
    pytest.importorskip("av")
    frames = moving(30, channels)[:, :5]
    frames[10:20] = frames[10]
    make(tmp_path / "a.mp4", frames, Look(Format.MP4, 30, 9, comment=NOTE))
    found = imageio.imread(tmp_path / "a.mp4", plugin="pyav")
    assert found.shape == (30, 46, 54, 3)
    gray = found[:, :45].mean(axis=-1), as_rgb(frames, 9).mean(axis=-1)
    assert np.abs(gray[0] - gray[1]).mean() < 12
    facts = imageio.immeta(tmp_path / "a.mp4", plugin="pyav")
    assert facts["fps"] == 30
    assert facts["comment"] == NOTE


def test_progress_rises_from_its_first_step_to_one(tmp_path, kind):
    """Shares never fall and end with a single 1; the file appears only after its last frame."""
    shares, frames = [], moving(100)
    for share in make_animation(tmp_path / "a", 100, lambda some: frames[list(some)], Look(kind, 20, 4)):
        shares.append(share)
        if share != 0.99:  # at 0.99 all frames are encoded, and the file is being renamed
            assert (share == 1.0) == (tmp_path / "a").exists()
    assert shares == sorted(shares)
    assert shares[0] < 0.5
    assert shares.count(1.0) == 1
    assert len(shares) > 6


@pytest.mark.parametrize("old", [None, b"an old file"])
@pytest.mark.parametrize("steps", [1, 3, 8])
def test_cancelling_anywhere_leaves_the_folder_as_it_was(tmp_path, join_encoders, kind, steps, old):
    """After closing at any step, no new file stays, and an old one is untouched."""
    place, frames = tmp_path / "a", moving(100)
    if old is not None:
        place.write_bytes(old)
    before = names(tmp_path)
    making = make_animation(place, 100, lambda some: frames[list(some)], Look(kind, 20, 60))
    for _ in range(steps):
        assert next(making) < 1
    making.close()
    join_encoders()
    assert names(tmp_path) == before
    assert old is None or place.read_bytes() == old


def test_cancelling_does_not_wait_for_the_encoder(tmp_path, join_encoders, monkeypatch):
    """Cancelling returns while the encoder is still busy with a frame; after that frame the thread ends."""
    frames, begun = moving(300), []
    busy, may_go_on = threading.Event(), threading.Event()

    def held_up(images, scale):
        begun.append(len(images))
        if len(begun) == 5:
            busy.set()
            assert may_go_on.wait(SOON_S)
        return enlarge(images, scale)

    monkeypatch.setattr("desktop.film.writer.enlarge", held_up)
    making = make_animation(tmp_path / "a", 300, lambda some: frames[list(some)], Look(Format.WEBP, 20, 100))
    while not busy.is_set():
        assert next(making) < 1
    making.close()
    assert not may_go_on.is_set()
    may_go_on.set()
    join_encoders()
    assert len(begun) == 5
    assert names(tmp_path) == []


def test_an_animation_can_be_made_anew_while_the_cancelled_one_ends(tmp_path, join_encoders):
    """If an animation is saved again at the same path, only the second file appears, and it is complete."""
    place, frames = tmp_path / "a.gif", moving(300)
    first = make_animation(place, 300, lambda some: frames[list(some)], Look(Format.GIF, 20, 100))
    while next(first) < 0.05:
        pass
    first.close()
    make(place, moving(5), Look(Format.GIF))
    join_encoders()
    assert names(tmp_path) == ["a.gif"]
    assert read(place)[0].shape == (5, FRAME_PX, FRAME_PX, 3)


def test_little_is_held_in_memory(tmp_path):
    """Of a long animation, only a few batches wait for the encoder."""
    asked, frames = [], moving(40)

    def pictures(indices):
        asked.append(len(indices))
        return frames[[index % 40 for index in indices]]

    making = make_animation(tmp_path / "a", 4000, pictures, Look(Format.GIF, 20, 60))
    share = next(making)
    while share < 0.02:
        share = next(making)
        assert sum(asked) <= share / 0.99 * 4000 + 16 * 8
    making.close()
    assert max(asked) == 16


def test_a_decode_that_fails_leaves_nothing(tmp_path, join_encoders, kind):
    """The failing step raises the error, the folder is empty, and no thread is left."""

    def fail_at_last(indices):
        if indices[-1] > 30:
            raise ArithmeticError("enough")
        return moving(40)[list(indices)]

    with pytest.raises(ArithmeticError, match="enough"):
        list(make_animation(tmp_path / "a", 40, fail_at_last, Look(kind)))
    join_encoders()
    assert names(tmp_path) == []
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("animation")]


def test_a_folder_that_is_not_there_is_an_os_error_that_names_it(tmp_path, kind):
    """The caller gets the error, although another thread writes the file."""
    with pytest.raises(OSError, match="No such file") as caught:
        make(tmp_path / "no" / "a", moving(4), Look(kind))
    assert str(tmp_path / "no") in str(caught.value)


def test_a_full_disk_leaves_the_old_file(tmp_path, kind, file_size_limit):
    """The error is raised, and the old file stays."""
    place = tmp_path / "a"
    place.write_bytes(b"old")
    noise = np.random.default_rng(0).integers(0, 256, (20, 64, 64), dtype=np.uint8)
    with file_size_limit(20_000), pytest.raises(OSError, match="File too large"):
        make(place, noise, Look(kind))
    assert names(tmp_path) == ["a"]
    assert place.read_bytes() == b"old"


def test_frames_that_the_format_cannot_hold_are_refused(tmp_path):
    """For a WebP of 17,000 pixels, the error names the limit, and no file is left."""
    with pytest.raises(AnimationError, match="expected at most 16,383 per side"):
        make(tmp_path / "a", np.zeros((2, 1, 17_000), np.uint8), Look(Format.WEBP))
    assert names(tmp_path) == []
