"""A note is stored in the metadata of PNG, APNG, GIF and WebP, and found by the file's content."""

import struct

import imageio.v3 as imageio
import numpy as np
import pytest
from PIL import Image

from desktop.images.note import note_in, png_note, read_note, webp_note
from desktop.view.provenance import Provenance, to_text
from desktop.view.state import start_state

TEXT = to_text(Provenance("digits", "0" * 64, "mnist", "path", {"n": 3}, start_state(64), program="0.1.0"))
FRAMES = np.random.default_rng(0).integers(0, 255, (3, 20, 24), np.uint8)
NOTES = {".png": png_note, ".gif": lambda text: {"comment": text.encode("ascii")}, ".webp": webp_note}


def write(path, frames, note, **options):
    ending = ".webp" if path.suffix == ".webp" else path.suffix
    imageio.imwrite(path, frames, extension=ending, plugin="pillow", **options, **note)


@pytest.mark.parametrize("ending", NOTES)
def test_one_picture_carries_it(tmp_path, ending):
    """The file's name does not matter, and the pixels of a PNG are unchanged."""
    write(tmp_path / f"a{ending}", FRAMES[0], NOTES[ending](TEXT))
    renamed = (tmp_path / f"a{ending}").rename(tmp_path / "anything")
    assert read_note(renamed) == TEXT
    if ending == ".png":
        assert np.array_equal(imageio.imread(renamed, extension=".png"), FRAMES[0])


@pytest.mark.parametrize("ending", NOTES)
def test_a_moving_picture_carries_it(tmp_path, ending):
    """All its frames are kept."""
    path = tmp_path / f"a{ending}"
    write(path, FRAMES, NOTES[ending](TEXT), is_batch=True, duration=100, loop=0)
    assert read_note(path) == TEXT
    with Image.open(path) as image:
        assert image.n_frames == 3


@pytest.mark.parametrize("ending", NOTES)
def test_a_picture_without_one_has_none(tmp_path, ending):
    """A comment from another program is not a note."""
    path = tmp_path / f"a{ending}"
    write(path, FRAMES[0], {})
    assert read_note(path) is None
    write(path, FRAMES[0], NOTES[ending]("Created with GIMP"))
    assert read_note(path) is None


@pytest.mark.parametrize("ending", NOTES)
def test_a_damaged_picture_has_none_or_the_whole_text(tmp_path, ending):
    """No error is raised for a file that is truncated anywhere or has changed bytes."""
    path = tmp_path / f"a{ending}"
    write(path, FRAMES[0], NOTES[ending](TEXT))
    data = path.read_bytes()
    for end in range(0, len(data), 97):
        assert note_in(data[:end]) in (None, TEXT)
    draw = np.random.default_rng(1)
    for _ in range(60):
        spoilt = bytearray(data)
        for place in draw.integers(12, len(data), 5):
            spoilt[place] = draw.integers(256)
        found = note_in(bytes(spoilt))
        assert found is None or found.startswith('{"latent_plane":')


def test_what_is_no_picture_has_none(tmp_path):
    """A text, a folder and a missing file have no note."""
    (tmp_path / "a.png").write_text(TEXT)
    assert read_note(tmp_path / "a.png") is None
    assert read_note(tmp_path) is None
    assert read_note(tmp_path / "missing.png") is None


def test_a_text_that_is_too_long_is_none(tmp_path):
    """A text that is too long, as a stranger's file may have, is not read as a note."""
    path = tmp_path / "a.gif"
    write(path, FRAMES[0], NOTES[".gif"](TEXT + " " * (2 << 20)))
    assert read_note(path) is None


@pytest.mark.parametrize("ending", [".png", ".gif", ".webp"])
def test_a_file_of_any_size_is_read(tmp_path, ending):
    """A long animation may have gigabytes; here a sparse file has a hundred megabytes."""
    path = tmp_path / f"a{ending}"
    write(path, FRAMES[0], NOTES[ending](TEXT))
    data = path.read_bytes()
    before = data.index(b"EXIF") if ending == ".webp" else len(data)
    with path.open("wb") as file:
        file.write(data[:before])
        file.write(struct.pack("<4sI", b"none", 100 << 20))
        file.seek(100 << 20, 1)
        file.write(data[before:])
    assert read_note(path) == TEXT
