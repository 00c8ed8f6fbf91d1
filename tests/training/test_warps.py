"""training/warps.py: small smooth distortions, the same for the same seed and epoch."""

import pytest
import torch

from training.warps import MAP_COUNT, pixel_maps, warped


@pytest.fixture(scope="module")
def images(small_mnist):
    """The first 512 training images, uint8 [512, 1, 28, 28]."""
    return torch.from_numpy(small_mnist.train_images)


def changed(images, result):
    """Whether each image differs, bool [N]."""
    return (images != result).flatten(1).any(dim=1)


def test_seed_and_epoch_decide(images):
    """The same seed and epoch give the same bits; another seed or epoch gives different ones."""
    result = warped(images, 1.0, 3, 7)
    assert torch.equal(result, warped(images, 1.0, 3, 7))
    for other in ((4, 7), (3, 8), (7, 3)):
        assert changed(result, warped(images, 1.0, *other)).float().mean() > 0.9


def test_the_global_generator_is_left_alone(images):
    """The state of PyTorch's global generator is the same before and after warping."""
    before = torch.get_rng_state()
    warped(images, 1.0, 0, 0)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(("share", "tolerance"), [(0.0, 0.0), (0.5, 0.1), (1.0, 0.1)])
def test_the_share_is_distorted(images, share, tolerance):
    """About the given share of the images differs from the originals, and none with a share of 0."""
    assert changed(images, warped(images, share, 0, 0)).float().mean().item() == pytest.approx(
        share, abs=tolerance
    )


def test_images_stay_binary_and_keep_their_amount_of_ink(images):
    """Values are 0 and 1, the dtype is the same, and the mean changes by less than 1 %."""
    result = warped(images, 1.0, 0, 0)
    assert result.dtype == torch.uint8
    assert result.shape == images.shape
    assert set(result.unique().tolist()) == {0, 1}
    assert result.float().mean().item() == pytest.approx(images.float().mean().item(), rel=0.01)


def test_the_channels_of_an_image_are_distorted_alike(images):
    """Three equal channels are still equal after the distortion."""
    result = warped(images.expand(-1, 3, -1, -1).contiguous(), 1.0, 0, 0)
    assert torch.equal(result, warped(images, 1.0, 0, 0).expand(-1, 3, -1, -1))


def test_edges_stay_smooth(images):
    """Distorted images have at most 1 % more pairs of different neighbours than the originals."""
    edges = [
        sum(x.diff(dim=axis).ne(0).sum().item() for axis in (2, 3))
        for x in (images, warped(images, 1.0, 0, 0))
    ]
    assert edges[1] < 1.01 * edges[0]


@pytest.mark.parametrize(("height", "width"), [(28, 28), (8, 32)])
def test_maps_are_small_and_smooth(height, width):
    """Map 0 moves nothing; the others move at most 2 % of the side on average; neighbours move alike."""
    maps = pixel_maps(height, width, torch.Generator().manual_seed(0))
    assert maps.shape == (1 + MAP_COUNT, height, width, 2)
    assert maps[0, :, 0, 1].tolist() == pytest.approx(torch.linspace(-1, 1, height).tolist(), abs=1e-6)
    assert maps[0, 0, :, 0].tolist() == pytest.approx(torch.linspace(-1, 1, width).tolist(), abs=1e-6)
    moved_px = (maps - maps[:1]) * torch.tensor([width - 1, height - 1]) / 2
    share = moved_px[1:].abs() / max(height, width)
    assert 0 < share.mean() < 0.02
    assert share.max() < 0.2
    assert moved_px.diff(dim=2).abs().max() < 0.5
