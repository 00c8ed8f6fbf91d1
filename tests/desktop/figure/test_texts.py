"""Texts in figures keep within their width."""

import pytest

from desktop.figure.texts import drawable, shortened, width_px, within_lines, wrapped

CAPTION = "The plane of a model; ten thousand test images by label.\n\nA second paragraph of some words."


@pytest.mark.parametrize("most", [100, 150, 400])
def test_a_caption_is_broken_at_spaces(most):
    """No line is too wide, no word is lost, and an empty line stays empty."""
    lines = wrapped(CAPTION, most, 12)
    assert all(width_px(line, 12) <= most for line in lines)
    assert " ".join(lines).split() == CAPTION.split()
    assert "" in lines


def test_no_line_ends_between_a_number_and_its_unit():
    """At whatever width the text is broken, percents, nats and standard errors stay with their numbers."""
    text = "test ELBO −143.25 ± 0.56 nats; contours that hold 50, 90 and 99 % of the prior"
    for most in range(140, 500, 7):
        lines = wrapped(text, most, 12)
        assert " ".join(lines) == text
        assert not any(line.startswith(("%", "nats", "±", "0.56")) for line in lines)


def test_a_caption_without_room_loses_clauses_at_its_end():
    """The remaining clauses are whole; of a single clause, the beginning stays."""
    text = "A model; epoch 3. The decoded plane; 60 test images; contours of the prior."
    assert within_lines(text, 400, 12, 2) == wrapped(text, 400, 12)
    assert within_lines(text, 200, 12, 2) == ["A model; epoch 3. The decoded", "plane; 60 test images; …"]
    assert within_lines("one clause of many words " * 9, 200, 12, 1)[0].endswith("…")


def test_a_long_name_ends_with_an_ellipsis():
    """As much of the name is kept as fits."""
    name = "a name that is much too long for its place"
    found = shortened(name, 100, 12)
    assert found.endswith("…") and name.startswith(found[:-1])
    assert width_px(found, 12) <= 100 < width_px(name[: len(found) + 2], 12)
    assert shortened("short", 100, 12) == "short"


def test_letters_without_a_shape_are_marked():
    """A question mark replaces a letter that the font lacks."""
    assert drawable("Φ(z0) ≤ 1 σ · é") == "Φ(z0) ≤ 1 σ · é"
    assert drawable("漢 z") == "? z"
