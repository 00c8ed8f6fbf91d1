"""training/pieces.py: images are worked on in pieces whose memory does not grow with their size."""

import pytest
import torch

from training.pieces import NUMBERS_AT_ONCE, pieces


@pytest.mark.parametrize(
    ("shape", "at_once"), [((10_000, 1, 28, 28), 4096), ((9, 3, 512, 512), 4), ((3, 3, 4096, 4096), 1)]
)
def test_pieces_are_all_images_and_never_more_numbers_than_allowed(shape, at_once):
    """Together, in order, they are all images; each has at most the allowed numbers, or one image."""
    images = torch.empty(shape, dtype=torch.uint8, device="meta")
    found = [range(*part.indices(len(images))) for part in pieces(images)]
    assert [number for part in found for number in part] == list(range(len(images)))
    assert len(found[0]) == at_once
    assert at_once == 1 or at_once * images[0].numel() <= NUMBERS_AT_ONCE


def test_no_images_are_no_pieces():
    """An empty set ends at once."""
    assert list(pieces(torch.empty(0, 3, 8, 8))) == []
