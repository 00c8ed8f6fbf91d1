"""Photos, scans and files of digits like those of people, made from MNIST's test digits."""

import io

import numpy as np
from PIL import ExifTags, Image, ImageDraw, ImageFilter

HEIGHT, WIDTH = 480, 640
DOWN, ACROSS = np.mgrid[:HEIGHT, :WIDTH] / np.array([HEIGHT, WIDTH]).reshape(2, 1, 1)
GRADIENT = 0.35 + 0.4 * ACROSS + 0.15 * DOWN  # the light of a lamp to the right
SHADOW = np.where(ACROSS + 0.3 * DOWN > 0.55, 0.75, 0.45)  # a hand's shadow with a hard edge in the digit


def ink_of(digit, side=300):
    """Draw a digit [28, 28] with smooth edges, off-centre on a page: ink float [H, W] from 0 to 1."""
    large = Image.fromarray(np.uint8(255 * digit)).resize((side, side), Image.Resampling.BICUBIC)
    large = large.filter(ImageFilter.GaussianBlur(side / 60))
    page = np.zeros((HEIGHT, WIDTH))
    page[60 : 60 + side, 240 : 240 + side] = np.clip((np.asarray(large) / 255 - 0.5) * 4 + 0.5, 0, 1)
    return page


def written(width_px):
    """Write a 2 with a pen of this width: ink float [H, W]."""
    image = Image.new("L", (WIDTH, HEIGHT))
    points = [(200, 170), (230, 110), (300, 90), (370, 120), (380, 190), (300, 300), (200, 390), (390, 390)]
    draw = ImageDraw.Draw(image)
    draw.line(points, 255, width_px)
    for x, y in points:
        half = width_px / 2
        draw.ellipse([x - half, y - half, x + half, y + half], 255)
    return np.asarray(image) / 255


def page_of(ink, paper, pen, noise=0.0):
    """Mix grey levels of paper and pen, numbers or arrays [H, W], by the ink, with noise: uint8 [H, W]."""
    gray = paper * (1 - ink) + pen * ink
    gray = gray + noise * np.random.default_rng(0).standard_normal(ink.shape)
    return np.uint8(np.rint(np.clip(gray, 0, 1) * 255))


def opaque(gray):
    """Turn uint8 [H, W] into an opaque picture [H, W, 4]."""
    rgba = np.repeat(np.asarray(gray, np.uint8)[..., None], 4, axis=2)
    rgba[..., 3] = 255
    return rgba


def on_transparency(ink, gray):
    """A pen of one grey level on a transparent picture."""
    return Image.fromarray(np.dstack([np.full(ink.shape, gray, np.uint8), np.uint8(255 * ink)]), "LA")


def turned_by_exif(ink):
    """A photo by a camera that was held sideways: the pixels are rotated, and the EXIF tag says so."""
    image = Image.fromarray(page_of(ink, GRADIENT, GRADIENT * 0.4, 0.02)).convert("RGB")
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    return saved(image.transpose(Image.Transpose.ROTATE_90), "JPEG", exif=exif)


def with_clear_palette(ink):
    """A palette whose paper is transparent."""
    image = Image.fromarray(np.uint8(ink > 0.5), "P")
    image.putpalette([255, 255, 255, 20, 20, 60])
    return saved(image, "PNG", transparency=0)


def saved(image, kind="PNG", **options):
    """The bytes of a file that Pillow writes."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


# Each function takes the ink [H, W] and returns a file's bytes.
FILES = {
    "grey paper": lambda ink: saved(Image.fromarray(page_of(ink, 0.6, 0.3, 0.02)), "JPEG"),
    "uneven light": lambda ink: saved(Image.fromarray(page_of(ink, GRADIENT, GRADIENT * 0.5, 0.02)), "JPEG"),
    "a shadow": lambda ink: saved(Image.fromarray(page_of(ink, SHADOW, SHADOW * 0.4, 0.02)), "JPEG"),
    "grain": lambda ink: saved(Image.fromarray(page_of(ink, 0.6, 0.3, 0.08))),
    "pencil": lambda ink: saved(Image.fromarray(page_of(ink, 0.8, 0.65, 0.01)), "WEBP"),
    "chalk": lambda ink: saved(Image.fromarray(page_of(ink, GRADIENT * 0.5, 0.9, 0.03)), "JPEG"),
    "chalk and a shadow": lambda ink: saved(Image.fromarray(page_of(ink, SHADOW * 0.5, SHADOW, 0.02))),
    "turned by Exif": turned_by_exif,
    "16 bits": lambda ink: saved(Image.fromarray(np.uint16(30_000 - 20_000 * ink))),
    "12 bits of 16": lambda ink: saved(Image.fromarray(np.uint16(3000 - 2500 * ink)), "TIFF"),
    "floats": lambda ink: saved(Image.fromarray(np.float32(7 - 3 * ink)), "TIFF"),
    "black on nothing": lambda ink: saved(on_transparency(ink, 0)),
    "white on nothing": lambda ink: saved(on_transparency(ink, 255)),
    "a clear palette": with_clear_palette,
    "CMYK": lambda ink: saved(Image.fromarray(page_of(ink, 0.9, 0.1)).convert("CMYK"), "JPEG"),
    "single bits": lambda ink: saved(Image.fromarray(ink < 0.5)),
    "colours": lambda ink: saved(
        Image.fromarray(
            np.dstack([page_of(ink, paper, pen) for paper, pen in ((0.9, 0.1), (0.8, 0.2), (0.6, 0.6))])
        )
    ),
}
