"""Untrusted text is shown in one line, with no hidden characters and no changed text direction."""

import os
import unicodedata

import pytest

from desktop.base.words import in_nats, one_line


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("a <b> & 100 %s", "a <b> & 100 %s"),
        ("größe 数字 👩‍👩‍👧", "größe 数字 👩‍👩‍👧"),
        ("a\nb\r\tc", r"a\nb\r\tc"),
        ("\x1b[31mred\x00", r"\x1b[31mred\x00"),
        ("a\u2028b\u0085", r"a\u2028b\x85"),
        ("exe.\u202egnp", r"exe.\u202egnp"),
        (os.fsdecode(b"caf\xe9"), r"caf\xe9"),
        ("\ud800", r"\ud800"),
        ("", ""),
    ],
)
def test_what_cannot_be_seen_is_written_out(text, seen):
    """All other characters stay, and so do emojis of several characters."""
    assert one_line(text) == seen


def test_a_long_text_keeps_its_ends():
    """The result has exactly the given length, odd or even, also for texts of megabytes."""
    for text in ("start" + "x" * 500 + "end", "start" + "y" * 3_000_000 + "end"):
        for most in (20, 21, 300):
            found = one_line(text, most)
            assert len(found) == most
            assert found.startswith("start")
            assert found.endswith("end")
            assert "…" in found
    assert one_line("x" * 20, 20) == "x" * 20


def test_whatever_comes_in_no_control_character_goes_out():
    """Every character below the emojis is tried."""
    found = one_line("".join(map(chr, range(0x3000))), 100_000)
    assert not {unicodedata.category(sign) for sign in found} & {"Cc", "Cs", "Zl", "Zp"}
    assert found.encode()


def test_nats_that_round_to_nothing_have_no_sign():
    """A number that rounds to zero has no minus, other negative numbers do; large ones have one decimal."""
    shown = [in_nats(nats) for nats in (-0.0, -0.004, -0.006, 12.345, -1234.56)]
    assert shown == ["0.00 nats", "0.00 nats", "−0.01 nats", "12.35 nats", "−1,234.6 nats"]


def test_a_standard_error_has_the_decimals_of_its_number():
    """The standard error stands before the unit, which belongs to both numbers."""
    shown = [in_nats(-147.244, 0.413), in_nats(-3394.24, 1234.56), in_nats(5.0, 0.0)]
    assert shown == ["−147.24 ± 0.41 nats", "−3,394.2 ± 1,234.6 nats", "5.00 ± 0.00 nats"]
