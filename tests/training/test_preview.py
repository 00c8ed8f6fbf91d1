"""training/preview.py: a sheet of sixteen reconstructions per epoch, and a GIF of the sheets."""

import imageio.v3 as imageio
import numpy as np
import pytest
import torch
from PIL import Image, ImageSequence

from training.elbo import reparameterize
from training.model import ConvVAE
from training.preview import COUNT, preview, write_preview, write_preview_gif

SEED = 3


def model_with_seed(seed: int, image_shape=(1, 28, 28)) -> ConvVAE:
    """An untrained model with random weights, so that its output depends on its input."""
    model = ConvVAE(image_shape, (4, 4)).eval()
    model.reset_parameters(torch.Generator().manual_seed(seed))
    return model


@pytest.fixture
def images(small_mnist):
    """Sixteen held-out images."""
    return torch.from_numpy(small_mnist.test_images[:COUNT])


def sheets(count: int) -> list[np.ndarray]:
    """Pictures that are all different."""
    rows = np.arange(64, dtype=np.uint8)[:, np.newaxis]
    return [np.broadcast_to(rows * (n + 1), (64, 48)).astype(np.uint8) for n in range(count)]


def test_the_sheet_is_4_by_4_enlarged_images_with_gaps_between(images):
    """Sixteen images of 28 × 28, enlarged four times, with 4 px gaps and no border, give 460 × 460."""
    sheet = preview(model_with_seed(0), images, SEED)
    assert sheet.shape == (4 * 28 * 4 + 3 * 4, 4 * 28 * 4 + 3 * 4)
    assert sheet.dtype == np.uint8
    assert (sheet[112:116] == 255).all()
    assert (sheet[:, 344:348] == 255).all()


def test_color_images_give_a_color_sheet():
    """Images of three channels give a sheet with three channels."""
    images = torch.randint(0, 2, (COUNT, 3, 8, 12), dtype=torch.uint8)
    sheet = preview(model_with_seed(0, (3, 8, 12)), images, SEED)
    assert sheet.shape == (4 * 8 * 4 + 3 * 4, 4 * 12 * 4 + 3 * 4, 3)


@pytest.mark.parametrize(
    ("count", "lines", "columns"), [(1, 1, 1), (3, 1, 3), (4, 1, 4), (6, 2, 4), (13, 4, 4)]
)
def test_fewer_images_give_a_smaller_sheet(images, count, lines, columns):
    """The sheet has only the lines and columns that it needs; places after the last image are white."""
    sheet = preview(model_with_seed(0), images[:count], SEED)
    assert sheet.shape == (lines * 116 - 4, columns * 116 - 4)
    last = (count - 1) % columns
    assert (sheet[-112:, last * 116 : last * 116 + 112] < 255).any()
    assert (sheet[-112:, last * 116 + 112 :] == 255).all()


@torch.inference_mode()
def test_each_tile_is_its_images_reconstruction(images):
    """Row by row, each tile shows its image's probabilities at the posterior sample of the seed."""
    model = model_with_seed(0)
    sheet = preview(model, images, SEED)
    mean, logvar = model.encoder(images.float())
    noise = torch.randn(mean.shape, generator=torch.Generator().manual_seed(SEED))
    probabilities = torch.sigmoid(model.decoder(reparameterize(mean, logvar, noise))).numpy()
    for number, expected in enumerate(probabilities[:, 0]):
        top, left = 116 * (number // 4), 116 * (number % 4)
        tile = sheet[top : top + 112, left : left + 112]
        assert np.abs(tile[2::4, 2::4] - expected * 255).max() <= 0.501
        assert (tile.reshape(28, 4, 28, 4) == tile[::4, np.newaxis, ::4, np.newaxis]).all()


def test_the_seed_decides_the_picture(images):
    """The same seed and model give the same picture; another seed or model gives a different one."""
    model = model_with_seed(0)
    first = preview(model, images, SEED)
    torch.manual_seed(77)
    np.testing.assert_array_equal(preview(model, images, SEED), first)
    assert (preview(model, images, SEED + 1) != first).any()
    assert (preview(model_with_seed(1), images, SEED) != first).any()


def test_a_preview_file_holds_the_picture(tmp_path):
    """The PNG has every pixel of the picture."""
    (picture,) = sheets(1)
    write_preview(tmp_path / "a.png", picture)
    np.testing.assert_array_equal(imageio.imread(tmp_path / "a.png"), picture)
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("count", [1, 2, 5])
def test_the_gif_has_the_pictures_in_order(tmp_path, count):
    """The GIF has one frame per picture, in order, of 0.5 s, and 2 s for the last one, and it loops."""
    pictures = sheets(count)
    paths = [tmp_path / f"{n}.png" for n in range(count)]
    for path, picture in zip(paths, pictures, strict=True):
        write_preview(path, picture)
    write_preview_gif(tmp_path / "a.gif", paths)
    np.testing.assert_array_equal(imageio.imread(tmp_path / "a.gif", index=...), pictures)
    with Image.open(tmp_path / "a.gif") as file:
        durations = [frame.info["duration"] for frame in ImageSequence.Iterator(file)]
        # A single frame needs no loop.
        assert count == 1 or file.info["loop"] == 0
    assert durations == [500] * (count - 1) + [2000]


def test_a_gif_survives_a_disk_that_fills_up(tmp_path, file_size_limit):
    """If the disk is full, the previous GIF is intact, and no half-written file is left."""
    paths = [tmp_path / "0.png"]
    noise = np.random.default_rng(0).integers(0, 256, (200, 200), np.uint8)
    write_preview(paths[0], noise)
    write_preview_gif(tmp_path / "a.gif", paths)
    before = (tmp_path / "a.gif").read_bytes()
    with pytest.raises(OSError, match="File too large"), file_size_limit(1000):
        write_preview_gif(tmp_path / "a.gif", paths * 2)
    assert (tmp_path / "a.gif").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.png", "a.gif"]
