"""training/augmentation.py: which images are mirrored and moved, and how."""

import numpy as np
import torch

from training.augmentation import augmented
from training.pieces import NUMBERS_AT_ONCE

IMAGES = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (400, 3, 5, 7), np.uint8))


def test_an_image_is_mirrored_or_as_it_was():
    """With flips alone, about the given share of images is mirrored, left to right; others stay."""
    found = augmented(IMAGES, 0.25, 0, seed=0, epoch=0)
    mirrored = (found == IMAGES.flip(3)).flatten(1).all(1)
    same = (found == IMAGES).flatten(1).all(1)
    assert (mirrored ^ same).all()
    assert 70 < mirrored.sum() < 130


def test_an_image_moves_by_up_to_so_many_pixels_and_repeats_its_edge():
    """Every image is one of those that numpy's edge padding and slicing give, and all moves occur."""
    found = augmented(IMAGES, 0.0, 1, seed=0, epoch=0).numpy()
    padded = np.pad(IMAGES.numpy(), ((0, 0), (0, 0), (1, 1), (1, 1)), mode="edge")
    fits = np.stack(
        [
            (found == padded[:, :, row : row + 5, column : column + 7]).all((1, 2, 3))
            for row in range(3)
            for column in range(3)
        ]
    )
    assert (fits.sum(0) == 1).all()
    assert (fits.sum(1) > 20).all()


def test_seed_and_epoch_decide_and_chunks_do_not():
    """The same seed and epoch give the same images, another pair gives others; all chunks are changed."""
    first = augmented(IMAGES, 0.5, 1, seed=1, epoch=2)
    assert torch.equal(first, augmented(IMAGES, 0.5, 1, seed=1, epoch=2))
    assert not torch.equal(first, augmented(IMAGES, 0.5, 1, seed=1, epoch=3))
    assert not torch.equal(first, augmented(IMAGES, 0.5, 1, seed=2, epoch=2))
    first_piece = NUMBERS_AT_ONCE // (3 * 40 * 42)
    many = IMAGES[:1].repeat(first_piece + 50, 1, 8, 6)
    late = augmented(many, 0.5, 0, seed=0, epoch=0)[first_piece:]
    assert (late == many[first_piece:].flip(3)).flatten(1).all(1).any()
    assert (late == many[first_piece:]).flatten(1).all(1).any()


def test_nothing_is_changed_in_place():
    """The images themselves stay as they were."""
    before = IMAGES.clone()
    augmented(IMAGES, 1.0, 2, seed=0, epoch=0)
    assert torch.equal(IMAGES, before)
