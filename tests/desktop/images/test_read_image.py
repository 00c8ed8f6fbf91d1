"""Pictures from anyone are recognised by content, limited in size, and fitted to the model."""

import io
import os
import pickle
import zlib
from pathlib import Path

import imageio.v3 as imageio
import numpy as np
import pytest

from desktop.images import read_image as module
from desktop.images.read_image import ImageError, fitted, is_image, read_image

PICTURE = np.zeros((20, 30, 3), np.uint8)
PICTURE[4:12, 6:20] = [200, 100, 50]


@pytest.mark.parametrize("kind", [".png", ".jpg", ".bmp", ".gif", ".webp"])
def test_every_kind_is_read_by_its_content_not_its_name(tmp_path, kind):
    """A PNG that is called a JPEG is read as a PNG; lossy formats come close."""
    path = tmp_path / "picture.pickle"
    path.write_bytes(imageio.imwrite("<bytes>", PICTURE, extension=kind))
    assert is_image(path)
    found = read_image(path)
    assert found.shape == (20, 30, 4)
    assert (found[..., 3] == 255).all()
    assert np.abs(found[6:10, 8:18, :3].astype(int) - [200, 100, 50]).max() < 30


class Trap:
    """A pickle that would run code."""

    def __reduce__(self):
        return (open, ("trap", "w"))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "found no picture, expected PNG, JPEG, BMP, GIF or WebP"),
        (pickle.dumps(Trap()), "found no picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "found no picture"),
        (b"\x93NUMPY\x01\x00", "found no picture"),
        (b"\x89PNG\r\n\x1a\n" + bytes(40), "found a damaged picture"),
        (imageio.imwrite("<bytes>", PICTURE, extension=".png")[:60], "found a damaged picture"),
    ],
)
def test_whatever_is_no_picture_is_refused_in_one_line(tmp_path, monkeypatch, data, said):
    """Nothing in it is run."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "a.png"
    path.write_bytes(data)
    with pytest.raises(ImageError) as caught:
        read_image(path)
    assert str(caught.value).startswith(f"{path}: {said}")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "trap").exists()


def test_a_picture_of_too_many_pixels_or_bytes_is_not_unpacked(tmp_path, monkeypatch):
    """The size in its header is enough to refuse it."""
    path = tmp_path / "a.png"
    path.write_bytes(imageio.imwrite("<bytes>", PICTURE, extension=".png"))
    monkeypatch.setattr(module, "MAX_PIXELS", 599)
    with pytest.raises(ImageError, match="found 30 × 20 pixels, expected at most 599"):
        read_image(path)
    monkeypatch.setattr(module, "MAX_FILE_BYTES", 10)
    with pytest.raises(ImageError, match="bytes, expected at most 10; make it smaller"):
        read_image(path)


def test_a_bomb_of_a_picture_is_refused(tmp_path):
    """It has a hundred thousand pixels per side in a few kilobytes."""
    header = io.BytesIO()
    header.write(b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR")
    body = (100_000).to_bytes(4, "big") * 2 + b"\x08\x00\x00\x00\x00"
    header.write(body + zlib.crc32(b"IHDR" + body).to_bytes(4, "big") + bytes(100))
    path = tmp_path / "bomb.png"
    path.write_bytes(header.getvalue())
    with pytest.raises(ImageError, match=r"bomb\.png: found "):
        read_image(path)


def test_a_fitted_picture_keeps_its_aspect_and_its_light():
    """It is scaled by area into the middle with black around it; gray is luma."""
    image = np.full((40, 80, 4), 255, np.uint8)
    x = fitted(image, (1, 28, 28))
    assert x.shape == (1, 1, 28, 28)
    assert x[0, 0, 7:21] == pytest.approx(1, abs=1e-5)
    assert (x[0, 0, :7] == 0).all()
    assert (x[0, 0, 21:] == 0).all()
    red = np.zeros((28, 28, 4), np.uint8)
    red[..., 0] = red[..., 3] = 255
    assert fitted(red, (1, 28, 28)) == pytest.approx(0.299, abs=1e-3)
    assert fitted(red, (3, 28, 28))[0].mean(axis=(1, 2)) == pytest.approx([1, 0, 0], abs=1e-5)
    assert fitted(red, (4, 14, 14)).shape == (1, 4, 14, 14)
    clear = red.copy()
    clear[..., 3] = 0
    assert (fitted(clear, (1, 28, 28)) == 0).all()


def test_scaling_by_area_loses_no_light():
    """The mean stays for any sizes, and the same size gives the same picture."""
    draw = np.random.default_rng(0)
    image = draw.integers(0, 256, (37, 37, 4), np.uint8)
    image[..., 3] = 255
    same = fitted(image, (3, 37, 37))[0].transpose(1, 2, 0)
    assert same == pytest.approx(image[..., :3] / 255, abs=1e-6)
    assert fitted(image, (3, 10, 10)).mean() == pytest.approx(image[..., :3].mean() / 255, abs=1e-5)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes in folders here")
def test_a_pipe_is_not_waited_for(tmp_path):
    """A device is not read without end either."""
    os.mkfifo(tmp_path / "a.png")
    assert not is_image(tmp_path / "a.png")
    for path in (tmp_path / "a.png", Path(os.devnull)):
        with pytest.raises(ImageError, match="found no plain file, expected a picture; choose another"):
            read_image(path)


def test_a_large_picture_is_fitted_in_bands():
    """The result equals fitting it at once, for a height that is not a multiple of the band."""
    image = np.random.default_rng(0).integers(0, 256, (3 * module.ROWS_AT_ONCE + 5, 20, 4), np.uint8)
    light = (image[..., :3] / 255 * (image[..., 3:] / 255)).mean(axis=(0, 1))
    x = fitted(image, (3, 8, 8))[0]
    found = x.sum(axis=(1, 2)) / (8 * round(20 * 8 / len(image)))
    assert found == pytest.approx(light, abs=1e-4)
