"""Test images for a page: their points after each epoch, their labels, and one sheet of small pictures."""

import base64
import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from export.bundle import Bundle
from export.page.packing import block, quantized

MOST_POINTS = 2000
# The largest number of coordinates, of all points at all epochs together; each takes 16 bits.
MOST_COORDINATES = 300_000
THUMBNAIL_PX = 32
# The largest side of a sheet, which browsers and WebP can hold.
MOST_SHEET_PX = 8192
# The background is found from at most so many images. It is the median of the edges if a share `EVEN_SHARE`
# of them differs from it by no more than `SAME`.
MOST_LOOKED_AT = 512
SAME = 15
EVEN_SHARE = 0.6


def points_of(bundle: Bundle, epochs: list[int], most: int) -> tuple[dict[str, Any], dict[str, str]] | None:
    """Facts and blocks of at most `most` test images; None if the bundle has none.

    The same images are taken at every epoch; the sample is drawn with a fixed seed.
    """
    posterior = bundle.read_posterior()
    if posterior is None or not most:
        return None
    count = len(posterior.mean)
    most = max(1, min(most, MOST_COORDINATES // (bundle.latent_dim * max(1, len(epochs)))))
    chosen = np.sort(np.random.default_rng(0).permutation(count)[:most])
    blocks: dict[str, str] = {}
    ranges: dict[str, list[list[float]]] = {}
    last = epochs[-1] if epochs else None
    for epoch in epochs or (None,):
        found = posterior if epoch == last else bundle.read_posterior(epoch)
        if found is not None and len(found.mean) == count:
            name = "points" if epoch is None else f"points-{epoch}"
            blocks[name], ranges[name] = quantized(found.mean[chosen])
    facts: dict[str, Any] = {"count": len(chosen), "of": count, "ranges": ranges}
    if posterior.labels is not None:
        blocks["labels"] = block(posterior.labels[chosen].tobytes())
    if posterior.images is not None:
        facts["sheet"] = sheet(posterior.images[chosen])
    # The page lists the coordinates in the order of their spread.
    facts["spread"] = [round(float(s), 4) for s in posterior.mean.std(0)]
    return facts, blocks


def ground_of(bundle: Bundle) -> list[int]:
    """The colour of the drawing area, a byte for each channel: the images' background, or else their mean."""
    channels = bundle.image_shape[0]
    posterior = bundle.read_posterior()
    images = None if posterior is None else posterior.images
    if images is None or not len(images):
        return [128] * 3 if channels == 3 else [0] * channels
    some = images[:: -(-len(images) // MOST_LOOKED_AT)]
    pixels = some.astype(np.float32) * (255 if some.max(initial=0) <= 1 else 1)
    sides = [pixels[:, :, 0], pixels[:, :, -1], pixels[..., 0], pixels[..., -1]]
    edges = np.concatenate(sides, 2)
    color: NDArray[Any] = np.median(edges, (0, 2))
    is_near = (np.abs(edges - color[:, np.newaxis]) <= SAME).all(1)
    if channels == 4 and color[3] <= SAME:  # the colour of transparent pixels does not count
        color, is_near = np.zeros(4), edges[:, 3] <= SAME
    if is_near.mean() < EVEN_SHARE:
        color = pixels.mean((0, 2, 3))
    return [int(number) for number in color.round()]


def sheet(images: NDArray[np.uint8]) -> dict[str, Any]:
    """Small pictures side by side as one WebP: lossless for black and white, otherwise lossy."""
    count, channels, height, width = images.shape
    binary = images.max(initial=0) <= 1
    pixels = (images * 255 if binary else images).transpose(0, 2, 3, 1)
    every = max(1, -(-max(height, width) // THUMBNAIL_PX))
    if every > 1:
        trimmed = pixels[:, : height // every * every, : width // every * every].astype(np.float32)
        pixels = trimmed.reshape(count, height // every, every, width // every, every, channels).mean((2, 4))
        height, width = height // every, width // every
    columns = min(max(1, MOST_SHEET_PX // width), max(1, round(float(np.sqrt(count * height / width)))))
    rows = -(-count // columns)
    whole = np.zeros((rows * columns, height, width, channels), np.uint8)
    whole[:count] = pixels.round()
    whole = whole.reshape(rows, columns, height, width, channels).transpose(0, 2, 1, 3, 4)
    picture = whole.reshape(rows * height, columns * width, channels)
    return {
        "width": width,
        "height": height,
        "columns": columns,
        "data": data_url(picture, lossless=bool(binary) and every == 1),
    }


def data_url(picture: NDArray[np.uint8], lossless: bool, quality: int = 80) -> str:
    """A picture [H, W, C] as a WebP in a data: URL."""
    image = Image.fromarray(picture[..., 0] if picture.shape[2] == 1 else picture)
    file = io.BytesIO()
    mode = "RGBA" if picture.shape[2] == 4 else "RGB"
    image.convert(mode).save(file, "WEBP", lossless=lossless, quality=100 if lossless else quality, method=6)
    return "data:image/webp;base64," + base64.b64encode(file.getvalue()).decode()
