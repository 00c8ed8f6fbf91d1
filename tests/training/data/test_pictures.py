"""training/data/pictures.py: pictures of every usual kind, as the viewer reads them, in a form."""

import io
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms

from desktop.images.read_image import decode_image
from training.data.form import Form
from training.data.pictures import PictureError, decode, from_array, in_form, is_coloured, thresholded

RAMP = np.arange(48, dtype=np.uint8).reshape(6, 8) * 5
COLOURS = np.dstack([RAMP, RAMP[::-1], RAMP[:, ::-1]])
RGB = Image.fromarray(COLOURS)
WHITE = Form((6, 8), 3)


def saved(image, kind, **options):
    """The file's bytes."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def turned(orientation):
    """A picture whose Exif data says that it must be rotated."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    return exif


def see_through():
    """A picture whose left half is half transparent."""
    alpha = np.where(np.arange(8) < 4, 128, 255).astype(np.uint8)
    return Image.fromarray(np.dstack([COLOURS, np.broadcast_to(alpha, (6, 8))]))


SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
PALETTE = RGB.convert("P")
FILES = {
    "PNG": saved(RGB, "PNG"),
    "grey": saved(RGB.convert("L"), "PNG"),
    "one bit": saved(RGB.convert("1"), "PNG"),
    "alpha": saved(see_through(), "PNG"),
    "grey with alpha": saved(see_through().convert("LA"), "PNG"),
    "palette": saved(PALETTE, "PNG"),
    "transparent colour": saved(PALETTE, "PNG", transparency=3),
    "transparent GIF": saved(PALETTE, "GIF", transparency=3),
    "16 bits": saved(Image.fromarray(RAMP.astype(np.uint16) * 257), "PNG"),
    "12 bits": saved(Image.fromarray(RAMP.astype(np.uint16) * 16), "TIFF"),
    "floats": saved(Image.fromarray(RAMP.astype(np.float32) / 255), "TIFF"),
    "JPEG": saved(RGB, "JPEG", quality=95),
    "CMYK": saved(RGB.convert("CMYK"), "JPEG"),
    **{f"orientation {n}": saved(RGB, "JPEG", exif=turned(n)) for n in range(1, 9)},
    "turned PNG": saved(see_through(), "PNG", exif=turned(6)),
    "turned 16 bits": saved(Image.fromarray(RAMP.astype(np.uint16) * 257), "PNG", exif=turned(8)),
    "turned TIFF": saved(RGB, "TIFF", exif=turned(3)),
    "profile": saved(
        RGB, "PNG", icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    ),
    "damaged profile": saved(RGB, "PNG", icc_profile=b"no profile"),
    "WebP": saved(see_through(), "WEBP", lossless=True),
    "BMP": saved(RGB, "BMP"),
    "GIF of two frames": saved(PALETTE, "GIF", save_all=True, append_images=[PALETTE.rotate(180)]),
}


@pytest.mark.parametrize("name", FILES)
def test_a_picture_is_what_the_viewer_reads(name):
    """The pixels are those of desktop/images/read_image.py, for every kind of file."""
    image = decode(FILES[name])
    assert image.mode in ("L", "RGB", "RGBA")
    pixels = decode_image(FILES[name], name).pixels
    found = np.asarray(image.convert("RGBA"))
    # Colours that cannot be seen may differ.
    np.testing.assert_array_equal(found[found[..., 3] > 0], pixels[pixels[..., 3] > 0])
    np.testing.assert_array_equal(found[..., 3], pixels[..., 3])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "found an empty file"),
        (b"GIF89a, but no more", "found (no|a damaged) picture"),
        (b"hello world, this is a text", "found no picture, expected PNG, JPEG"),
        (FILES["PNG"][:-40], "found a damaged picture"),
    ],
)
def test_a_damaged_picture_is_refused(data, words):
    """The error says whether a file is empty, of another kind, or cut."""
    with pytest.raises(PictureError, match=words):
        decode(data)


def test_a_picture_with_too_many_pixels_is_refused_before_they_are_decoded(monkeypatch):
    """The size in its header is enough."""
    monkeypatch.setattr("training.data.pictures.MAX_PIXELS", 47)
    with pytest.raises(PictureError, match="found 8 × 6 pixels, expected at most 47"):
        decode(FILES["PNG"])


def test_pillow_does_not_warn_of_a_picture_that_is_refused(tmp_path):
    """100 megapixels are refused without Pillow's own warning, in a process that imports only this reader."""
    header = FILES["PNG"].replace(struct.pack(">II", 8, 6), struct.pack(">II", 10_000, 10_000), 1)
    crc = struct.pack(">I", zlib.crc32(header[12:29]))
    (tmp_path / "large.png").write_bytes(header[:29] + crc + header[33:])
    code = "import sys; from training.data.pictures import decode; decode(open(sys.argv[1], 'rb').read())"
    found = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "large.png"], capture_output=True, text=True, check=False
    )
    assert found.stderr.splitlines()[-1].endswith(
        "PictureError: found 10,000 × 10,000 pixels, expected at most 80,000,000"
    )
    assert "DecompressionBomb" not in found.stderr


def test_a_large_jpeg_is_decoded_in_fewer_pixels():
    """The picture has at least twice the side that is needed, and looks the same."""
    smooth = np.add.outer(np.arange(512), np.arange(768)).astype(np.uint8) // 2 + 60
    data = saved(Image.fromarray(smooth), "JPEG", quality=95)
    small = decode(data, 64)
    assert (small.width, small.height) == (192, 128)
    form = Form((64, 96), 1)
    difference = in_form(small, form).astype(int) - in_form(decode(data), form)
    assert np.median(np.abs(difference)) <= 1


def test_grey_pictures_in_colour_files_are_grey():
    """A JPEG's rounding is no colour, and neither is a colour that cannot be seen."""
    assert not is_coloured(decode(saved(Image.fromarray(RAMP).convert("RGB"), "JPEG")))
    assert is_coloured(decode(FILES["JPEG"]))
    hidden = np.dstack([COLOURS, np.zeros((6, 8), np.uint8)])
    assert not is_coloured(Image.fromarray(hidden))


def test_the_background_shows_through():
    """A half transparent white over black is grey, over white it is white."""
    image = Image.fromarray(np.full((2, 2, 4), (255, 255, 255, 128), np.uint8))
    assert in_form(image, Form((2, 2), 1, background="black")).tolist() == [[[128, 128], [128, 128]]]
    assert in_form(image, Form((2, 2), 3, background="#ffffff")).min() == 255


def test_a_form_that_fits_changes_nothing():
    """Pixels that have the right size and channels already are unchanged, as [C, H, W]."""
    np.testing.assert_array_equal(in_form(RGB, WHITE), COLOURS.transpose(2, 0, 1))
    np.testing.assert_array_equal(in_form(Image.fromarray(RAMP), Form((6, 8), 1))[0], RAMP)
    np.testing.assert_array_equal(
        in_form(from_array(COLOURS.transpose(2, 0, 1)), WHITE), COLOURS.transpose(2, 0, 1)
    )


def test_another_aspect_ratio_is_cut_or_padded():
    """Cropping leaves the middle; padding leaves the whole picture between stripes of background."""
    wide = np.zeros((4, 12), np.uint8)
    wide[:, 4:8] = 200
    assert (in_form(Image.fromarray(wide), Form((4, 4), 1)) == 200).all()
    padded = in_form(Image.fromarray(wide), Form((12, 12), 1, "pad", background="red"))[0]
    assert (padded[:4] == padded[0, 0]).all()
    assert padded[0, 0] == Image.new("RGB", (1, 1), "red").convert("L").getpixel((0, 0))
    np.testing.assert_array_equal(padded[4:8], wide)


def test_a_threshold_is_mnists():
    """A pixel is 1 where pixel/255 is above it, as in the embedded MNIST."""
    levels = np.arange(256, dtype=np.uint8).reshape(1, 1, 16, 16)
    np.testing.assert_array_equal(thresholded(levels, 0.5), levels >= 128)
    np.testing.assert_array_equal(
        in_form(Image.fromarray(levels[0, 0]), Form((16, 16), 1, threshold=0.1))[0], levels[0, 0] > 25
    )
