"""Probabilities become bytes, sheets and enlarged pictures."""

import imageio.v3 as imageio
import numpy as np
import pytest

from desktop.images.pixels import enlarge, over_gray, tile, to_bytes, write_png


def test_zero_is_black_one_is_white_and_the_rest_is_rounded():
    """A byte is 255 times the probability, rounded."""
    probabilities = np.array([0, 0.25, 0.5, 1.4 / 255, 1.6 / 255, 1], np.float32).reshape(1, 1, 2, 3)
    assert to_bytes(probabilities).tolist() == [[[0, 64, 128], [1, 2, 255]]]


def test_what_lies_outside_or_is_no_number_does_not_wrap_around():
    """Slightly more than 1 is white, less than 0 is black, and NaN is black."""
    probabilities = np.array([-0.1, 1.01, np.nan, np.inf], np.float32).reshape(1, 1, 2, 2)
    assert to_bytes(probabilities).tolist() == [[[0, 255], [0, 255]]]


@pytest.mark.parametrize("channels", [3, 4])
def test_colours_go_last(channels):
    """[N, C, H, W] becomes [N, H, W, C], contiguous in memory."""
    values = np.random.default_rng(0).integers(0, 256, (2, channels, 4, 5))
    found = to_bytes((values / 255).astype(np.float32))
    assert found.shape == (2, 4, 5, channels)
    assert found.flags["C_CONTIGUOUS"]
    assert (found == values.transpose(0, 2, 3, 1)).all()


def test_a_sheet_is_read_like_a_page():
    """Pictures go row by row from the top left, and an incomplete row ends in black."""
    images = np.arange(1, 6, dtype=np.uint8).reshape(5, 1, 1).repeat(2, axis=1).repeat(3, axis=2)
    sheet = tile(images, columns=2)
    assert sheet.shape == (6, 6)
    assert sheet[::2, ::3].tolist() == [[1, 2], [3, 4], [5, 0]]
    assert (sheet == sheet[::2, ::3].repeat(2, axis=0).repeat(3, axis=1)).all()


def test_gaps_lie_between_pictures_only():
    """Gaps are black, and there is none around the sheet."""
    images = np.full((4, 2, 2, 3), 9, np.uint8)
    sheet = tile(images, columns=2, gap_px=1)
    assert sheet.shape == (5, 5, 3)
    assert (sheet[2] == 0).all()
    assert (sheet[:, 2] == 0).all()
    assert (np.delete(np.delete(sheet, 2, axis=0), 2, axis=1) == 9).all()


def test_transparent_pictures_are_mixed_with_grey_by_alpha():
    """Opaque pixels stay exactly, transparent ones become the grey, and half transparent ones a mixture."""
    picture = np.array([[[200, 0, 255, 255], [200, 0, 255, 0], [200, 0, 255, 51]]], np.uint8)
    assert over_gray(picture, 100).tolist() == [[[200, 0, 255], [100, 100, 100], [120, 80, 131]]]
    assert over_gray(picture, 0)[0, 1].tolist() == [0, 0, 0]


def test_enlarging_repeats_pixels_exactly():
    """Each pixel becomes a block; nothing is smoothed."""
    picture = np.array([[[0, 255], [7, 8]]], np.uint8)
    assert enlarge(picture, 2).tolist() == [[[0, 0, 255, 255]] * 2 + [[7, 7, 8, 8]] * 2]
    assert enlarge(np.zeros((5, 3, 4, 3), np.uint8), 3).shape == (5, 9, 12, 3)


@pytest.mark.parametrize("shape", [(5, 7), (5, 3), (5, 7, 3), (5, 7, 4)])
def test_a_png_holds_exactly_what_was_written(tmp_path, shape):
    """Gray, colour and transparent pictures come back byte by byte, and no other file is left."""
    picture = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    write_png(tmp_path / "a.png", picture)
    found = imageio.imread(tmp_path / "a.png")
    assert found.shape == shape
    assert (found == picture).all()
    assert [file.name for file in tmp_path.iterdir()] == ["a.png"]


def test_a_png_that_cannot_be_written_is_an_os_error_that_names_the_folder(tmp_path):
    """The error names a missing folder."""
    with pytest.raises(OSError, match="does not exist") as caught:
        write_png(tmp_path / "no" / "a.png", np.zeros((2, 2), np.uint8))
    assert str(tmp_path / "no") in str(caught.value)
