"""Each format has its extensions, frame times and largest size."""

from pathlib import Path

import pytest

from desktop.base.installed import install_line
from desktop.film import formats
from desktop.film.formats import AnimationError, Format, check_size, format_of, real_fps, why_not


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.gif", "GIF"),
        ("A.GIF", "GIF"),
        ("a.webp", "WebP"),
        ("a.apng", "APNG"),
        ("a.png", "APNG"),
        ("a.mp4", "MP4"),
    ],
)
def test_the_ending_tells_the_format(name, kind):
    """Upper and lower case are the same, and `.png` means APNG."""
    assert format_of(Path(name)) is Format(kind)


@pytest.mark.parametrize(("name", "found"), [("a.avi", "'.avi'"), ("a", "'none'")])
def test_another_ending_is_refused_in_words(name, found):
    """The message says what was found, what was expected and what to do."""
    expected = f"{name}: found the ending {found}, expected .gif, .webp, .apng or .mp4; rename it"
    with pytest.raises(AnimationError) as caught:
        format_of(Path(name))
    assert str(caught.value) == expected


@pytest.mark.parametrize(
    ("kind", "fps", "real"),
    [
        (Format.GIF, 1, 1),
        (Format.GIF, 3, 100 / 33),
        (Format.GIF, 13, 12.5),
        (Format.GIF, 30, 100 / 3),
        (Format.GIF, 60, 50),
        (Format.WEBP, 30, 1000 / 33),
        (Format.WEBP, 24, 1000 / 42),
        (Format.APNG, 29.97, 29.97),
        (Format.MP4, 60, 60),
    ],
)
def test_the_real_speed_is_told(kind, fps, real):
    """A GIF stores hundredths of a second and a WebP thousandths; other formats are exact."""
    assert real_fps(kind, fps) == pytest.approx(real)


def test_a_frame_that_is_too_large_is_refused_in_words():
    """The message names the format's largest side."""
    check_size(Format.WEBP, 16_383, 1)
    with pytest.raises(
        AnimationError, match=r"^WebP: found a picture of 1 × 16,384 pixels, expected at most 16,383"
    ):
        check_size(Format.WEBP, 1, 16_384)


def test_mp4_is_offered_only_where_it_can_be_written(monkeypatch):
    """Without PyAV, the reason says what to install; the app's says to choose another format."""
    monkeypatch.setattr(formats, "find_spec", lambda _name: None)
    assert install_line("video") in why_not(Format.MP4)
    assert [why_not(kind) for kind in (Format.GIF, Format.WEBP, Format.APNG)] == [""] * 3
    monkeypatch.setattr(formats, "IS_APP", True)
    assert "pip" not in why_not(Format.MP4)
    assert "choose another format" in why_not(Format.MP4)
