"""Captions have the same height under all frames and never touch the picture."""

import numpy as np
import pytest

from desktop.film.captions import CaptionStrip, caption_number
from desktop.images.lettering import GROUND, INK


def picture(width, channels=1):
    return np.full((20, width) if channels == 1 else (20, width, channels), 77, np.uint8)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_the_text_stands_below_the_picture(channels):
    """The picture is unchanged; below it are light, opaque letters on a dark background."""
    strip = CaptionStrip([["epoch 3", "z 1.00, -2.00"]], 280)
    frame = strip.under(picture(280, channels), 0)
    assert frame.shape[0] == 20 + strip.height_px
    assert (frame[:20] == 77).all()
    text = frame[20:] if channels == 1 else frame[20:, :, 0]
    assert text.min() == GROUND
    assert text.max() >= INK - 10
    assert (text > 128).sum() > 100
    if channels == 4:
        assert (frame[20:, :, 3] == 255).all()


def test_no_text_is_no_strip():
    """Without captions, a frame is only the picture."""
    assert CaptionStrip((), 280).under(picture(280), 5).shape == (20, 280)


def test_all_frames_are_equally_high():
    """One long text gives all frames its number of lines, so that the picture does not jump."""
    strip = CaptionStrip([["short"], ["a long name of a model", "z 0.12, 0.34, 0.56", "epoch 12"]], 120)
    assert strip.under(picture(120), 0).shape == strip.under(picture(120), 1).shape
    assert strip.height_px > CaptionStrip([["short"]], 120).height_px


@pytest.mark.parametrize("width", [1, 8, 28])
def test_a_narrow_frame_gets_what_fits(width):
    """Text never makes a frame wider, even if no letter fits."""
    frame = CaptionStrip([["Wwwwwwwwwwwww", "z 0.12"]], width).under(picture(width), 0)
    assert frame.shape[1] == width


def test_letters_that_the_font_lacks_are_question_marks():
    """There are no empty boxes: a missing letter is visible as missing, and a minus is a minus."""
    drawn = CaptionStrip([["模 −1"]], 100).under(picture(100), 0)
    assert (drawn == CaptionStrip([["? -1"]], 100).under(picture(100), 0)).all()


def test_a_number_has_two_decimals_and_no_negative_zero():
    """−0.00 would flicker as a walk crosses zero."""
    assert [caption_number(value) for value in (-0.001, 0.004, -1.005, 12)] == [
        "0.00",
        "0.00",
        "-1.00",
        "12.00",
    ]
