"""Untrusted pictures are recognised by content, and their size is limited."""

import io
import os
import pickle
import zlib
from pathlib import Path

import imageio.v3 as imageio
import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms, ImageOps, PngImagePlugin

from desktop.images import read_image as module
from desktop.images.picture_kinds import ImageError, is_image
from desktop.images.read_image import decode_image, read_image

PICTURE = np.zeros((20, 30, 3), np.uint8)
PICTURE[4:12, 6:20] = [200, 100, 50]


@pytest.mark.parametrize("kind", [".png", ".jpg", ".bmp", ".gif", ".webp", ".tif", ".avif"])
def test_every_kind_is_read_by_its_content_not_its_name(tmp_path, kind):
    """A PNG that is called a JPEG is read as a PNG; lossy formats come close."""
    path = tmp_path / "picture.pickle"
    path.write_bytes(imageio.imwrite("<bytes>", PICTURE, extension=kind, plugin="pillow"))
    assert is_image(path)
    found = read_image(path).pixels
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
        (b"", "found an empty file, expected PNG, JPEG, BMP, GIF, WebP, TIFF or AVIF"),
        (b"no", "found no picture, expected PNG"),
        (b"\x00\x00\x00\x18ftypheic" + bytes(40), "found HEIC, which cannot be read here; save it as JPEG"),
        (b"II*\x00" + bytes(40), "found a damaged picture (its header cannot be read)"),
        (imageio.imwrite("<bytes>", PICTURE, extension=".jpg")[:400], "found a damaged picture"),
        (pickle.dumps(Trap()), "found no picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "found no picture"),
        (b"\x93NUMPY\x01\x00", "found no picture"),
        (b"\x89PNG\r\n\x1a\n" + bytes(40), "found a damaged picture"),
        (imageio.imwrite("<bytes>", PICTURE, extension=".png")[:60], "found a damaged picture"),
    ],
)
def test_whatever_is_no_picture_is_refused_in_one_line(tmp_path, monkeypatch, data, said):
    """No code in the file is run."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "a.png"
    path.write_bytes(data)
    with pytest.raises(ImageError) as caught:
        read_image(path)
    assert str(caught.value).startswith(f"{path}: {said}")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "trap").exists()


def test_a_picture_of_too_many_pixels_or_bytes_is_not_unpacked(tmp_path, monkeypatch):
    """It is refused because of the size in its header or of the file."""
    path = tmp_path / "a.png"
    path.write_bytes(imageio.imwrite("<bytes>", PICTURE, extension=".png"))
    monkeypatch.setattr(module, "MAX_PIXELS", 599)
    with pytest.raises(ImageError, match="found 30 × 20 pixels, expected at most 599"):
        read_image(path)
    monkeypatch.setattr(module, "MAX_FILE_BYTES", 10)
    with pytest.raises(ImageError, match="bytes, expected at most 10; make it smaller"):
        read_image(path)


def test_a_bomb_of_a_picture_is_refused(tmp_path):
    """The picture has a hundred thousand pixels per side in a few kilobytes."""
    header = io.BytesIO()
    header.write(b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR")
    body = (100_000).to_bytes(4, "big") * 2 + b"\x08\x00\x00\x00\x00"
    header.write(body + zlib.crc32(b"IHDR" + body).to_bytes(4, "big") + bytes(100))
    path = tmp_path / "bomb.png"
    path.write_bytes(header.getvalue())
    with pytest.raises(ImageError, match=r"bomb\.png: found "):
        read_image(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes in folders here")
def test_a_pipe_is_not_waited_for(tmp_path):
    """An endless device is not read either."""
    os.mkfifo(tmp_path / "a.png")
    assert not is_image(tmp_path / "a.png")
    for path in (tmp_path / "a.png", Path(os.devnull)):
        with pytest.raises(
            ImageError, match="found something other than a regular file, expected a picture; choose another"
        ):
            read_image(path)


def saved(image, kind, **options):
    """The bytes of a file that Pillow writes."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


GRADIENT = np.arange(30 * 20, dtype=np.uint8).reshape(20, 30) % 200


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_photo_is_upright(kind, orientation):
    """The eight orientations of Exif give the picture that Pillow's own function gives."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    data = saved(Image.fromarray(GRADIENT).convert("RGB"), kind, exif=exif)
    expected = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    found = decode_image(data, "a")
    assert (found.pixels[..., :3] == np.asarray(expected.convert("RGB"))).all()
    assert found.pixels.shape[:2] == ((30, 20) if orientation > 4 else (20, 30))
    assert bool(found.steps) == (orientation > 1 and kind != "TIFF")  # Pillow itself rotates a TIFF


def test_damaged_metadata_are_no_reason_to_refuse_a_picture():
    """Damaged Exif data and a damaged colour profile are ignored."""
    image = Image.fromarray(PICTURE)
    data = saved(image, "PNG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff", icc_profile=b"no profile")
    assert (decode_image(data, "a").pixels[..., :3] == PICTURE).all()


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_greys_of_more_than_eight_bits_keep_their_levels(kind, bits):
    """Half of the range stays half, for the bit depths of cameras and scanners."""
    levels = np.linspace(0, 2**bits - 1, 256).reshape(16, 16)
    found = decode_image(saved(Image.fromarray(np.uint16(np.rint(levels))), kind), "a")
    expected = np.arange(256).reshape(16, 16)
    assert np.abs(found.pixels[..., 0].astype(int) - expected).max() <= 1
    assert found.steps == ((f"reduced from {bits} bits to 8",) if bits > 8 else ())


@pytest.mark.parametrize(("low", "high"), [(0, 1), (0, 255), (-4, 4), (0, 30_000)])
def test_floats_of_any_range_are_seen(low, high):
    """From 0 to 1 or 255 they keep their levels; other ranges are stretched, and NaN is black."""
    levels = np.linspace(low, high, 256, dtype=np.float32).reshape(16, 16)
    levels[0, 0] = np.nan
    found = decode_image(saved(Image.fromarray(levels), "TIFF"), "a")
    assert np.abs(found.pixels[..., 0].astype(int) - np.arange(256).reshape(16, 16)).max() <= 1
    assert bool(found.steps) == (low < 0 or high > 255)


def test_colours_of_another_profile_become_srgb():
    """A profile that swaps red and green is applied; sRGB's own changes nothing and is not mentioned."""
    image = Image.fromarray(PICTURE)
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    same = decode_image(saved(image, "PNG", icc_profile=srgb), "a")
    assert np.abs(same.pixels[..., :3].astype(int) - PICTURE).max() <= 2
    assert same.steps == ()
    swapped = srgb.replace(b"rXYZ", b"tmpX").replace(b"gXYZ", b"rXYZ").replace(b"tmpX", b"gXYZ")
    found = decode_image(saved(image, "PNG", icc_profile=swapped), "a")
    assert np.abs(found.pixels[..., [1, 0, 2]].astype(int) - PICTURE).max() <= 2
    assert found.steps == ("converted from its colour profile",)


def test_every_mode_of_pillow_has_its_colours():
    """Palettes with a transparent colour, CMYK, grey with alpha and single bits are converted."""
    palette = Image.fromarray(PICTURE).quantize(4)
    clear = palette.getpixel((0, 0))
    found = decode_image(saved(palette, "PNG", transparency=clear), "a").pixels
    assert (found[..., 3] == 255 * PICTURE.any(2)).all()
    assert (found[6, 8, :3] == [200, 100, 50]).all()
    cmyk = decode_image(saved(Image.fromarray(PICTURE).convert("CMYK"), "TIFF"), "a").pixels
    assert np.abs(cmyk[..., :3].astype(int) - PICTURE).max() <= 2
    bits = decode_image(saved(Image.fromarray(PICTURE[..., 0] > 0), "PNG"), "a").pixels
    assert (bits[..., 0] == 255 * (PICTURE[..., 0] > 0)).all()
    veil = np.dstack([GRADIENT, 255 - GRADIENT])
    assert (decode_image(saved(Image.fromarray(veil, "LA"), "PNG"), "a").pixels[..., [0, 3]] == veil).all()


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_of_an_animation_the_first_frame_is_taken_and_told(kind):
    """The other frames have another colour."""
    frames = [Image.new("RGB", (8, 8), color) for color in ("red", "green", "blue")]
    found = decode_image(saved(frames[0], kind, save_all=True, append_images=frames[1:]), "a")
    assert np.abs(found.pixels[4, 4, :3].astype(int) - [255, 0, 0]).max() <= 2
    assert found.steps == ("taken from the first of several frames",)


def test_a_large_jpeg_is_read_at_half_its_size(monkeypatch):
    """Cameras with fifty megapixels are common; only JPEG can be decoded at a smaller size."""
    monkeypatch.setattr(module, "MAX_PIXELS", 200)
    image = Image.fromarray(PICTURE)
    found = decode_image(saved(image, "JPEG"), "a")
    assert found.pixels.shape == (10, 15, 4)
    assert found.steps == ("read at half its size",)
    with pytest.raises(ImageError, match="expected at most 200"):
        decode_image(saved(image, "PNG"), "a")
    monkeypatch.setattr(module, "MAX_PIXELS", 100)
    with pytest.raises(ImageError, match="expected at most 100"):
        decode_image(saved(image, "JPEG"), "a")


@pytest.mark.parametrize("name", ["a & <b>.png", "%s\n.png", "‮gnp.a.png", "…" * 60 + ".png", "\udcff.png"])
def test_a_picture_may_have_any_name(tmp_path, name):
    """A name may have markup, line breaks, characters that change direction, and bytes that are not UTF-8."""
    path = tmp_path / name
    try:
        path.write_bytes(saved(Image.fromarray(PICTURE), "PNG"))
    except (OSError, UnicodeEncodeError):
        pytest.skip("this file system has no such names")
    assert is_image(path)
    assert (read_image(path).pixels[..., :3] == PICTURE).all()


def test_a_picture_with_large_texts_or_a_large_profile_is_read():
    """Editors write such texts; here three megabytes that compress well, while Pillow's own limit is one."""
    info, data = PngImagePlugin.PngInfo(), io.BytesIO()
    info.add_text("history", "x" * (3 << 20), zip=True)
    Image.fromarray(PICTURE).save(data, "PNG", pnginfo=info, icc_profile=b"x" * (3 << 20))
    assert (decode_image(data.getvalue(), "p").pixels[..., :3] == PICTURE).all()
