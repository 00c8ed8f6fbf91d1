"""Fits any picture to the look of a model's training data, and describes each step. No Qt.

MNIST's digits are light on dark, scaled into 20 × 20 pixels with their aspect ratio kept, and moved so that
their centre of mass is in the middle of 28 × 28 (LeCun et al., "The MNIST database of handwritten digits").
"""

from dataclasses import dataclass, replace

import numpy as np

from desktop.base.arrays import Bytes, Floats
from desktop.images.data_look import EVEN_SHARE, DataLook
from desktop.images.ink import Ink, find_ink
from desktop.images.picture_kinds import ReadPicture
from desktop.images.scaling import area_scaled, fitted, on_ground, shrunk
from desktop.images.windows import dilated
from desktop.reading.tensors import LUMA

BOX_SHARE = 20 / 28
# Shares of the range from black to white: more than INK is ink, and a background within CLEAN of black or
# white counts as black or white.
INK = CLEAN = 0.1
HALF, DARK = 0.5, 0.25  # a transparent picture with less luma than DARK could not be seen on black
OPAQUE = 0.99
WORKING_SIDE_PX = 560
# Of MNIST's test digits, 90 % have strokes of 1.6 to 3.7 pixels; the median is 2.3. A ballpoint's strokes on
# a photo are thinner than one pixel, and would be lost by thresholding.
THIN_PX, STROKE_PX = 1.5, 2.3
THICKENED_SIDE_PX = 160  # the largest side of a digit while its strokes are made thicker
NOTHING = "nothing stands out from the background"
TRANSPARENT = "every pixel is transparent"


@dataclass(frozen=True)
class Fitted:
    """A picture fitted to a model.

    Attributes:
        original: the picture before fitting, uint8 [h, w, 3], scaled down if it was large, and on a
            background if it was transparent; with alpha, [h, w, 4], if the model has it.
        pixels: the fitted picture, float32 [C, h, w] in [0, 1], in the model's shape.
        steps: the steps of fitting, in words.
        levelled: the ink in the original, uint8 [h, w], if finding it took more than inverting.
        problem: why `pixels` are empty; an empty string if they are not.
    """

    original: Bytes
    pixels: Floats
    steps: tuple[str, ...]
    levelled: Bytes | None = None
    problem: str = ""


def fit(picture: Bytes | ReadPicture, image_shape: tuple[int, int, int], look: DataLook) -> Fitted:
    """Fit a picture uint8 [H, W, 4] to a model whose data have a `look`.

    A picture that already has the model's size is neither scaled nor moved, and on black or white it is not
    levelled either. Except for MNIST's digits, levels and colours are kept: a picture is put on the data's
    background, or cropped to fill the frame if the data have none.
    """
    if isinstance(picture, ReadPicture):
        done = fit(picture.pixels, image_shape, look)
        return replace(done, steps=picture.steps + done.steps)
    same_size = picture.shape[:2] == image_shape[1:]
    steps = []
    if look.is_filled and not same_size and (middle := _middle(picture, image_shape)) is not picture:
        picture = middle
        steps.append("cropped to its middle")
    small = shrunk(picture, WORKING_SIDE_PX)
    is_digit = look.is_mnist and image_shape[0] == 1
    ground = _ground(small, is_digit, look)
    shown = on_ground(small, ground)
    original = np.rint(255 * np.clip(shown, 0, 1)).astype(np.uint8)
    if image_shape[0] == 4:
        original = np.dstack([original, np.rint(255 * small[..., 3]).astype(np.uint8)])
    is_transparent = bool((small[..., 3] < OPAQUE).any())
    if is_transparent and image_shape[0] != 4:
        steps.append(f"put on {_ground_name(ground, look)}")
    if not small[..., 3].any():
        return Fitted(original, _empty(image_shape), tuple(steps), problem=TRANSPARENT)
    if is_digit:
        found = Fitted(original, _empty(image_shape), tuple(steps))
        gray = shown @ LUMA
        ink = find_ink(gray)
        if ink is not None and not same_size:
            gray, ink = _closer(picture, ground, gray, ink)
        return _fit_digit(gray, ink, same_size, found)
    is_inverted = not same_size and image_shape[0] == 1 and _is_negative(shown @ LUMA, look)
    if is_inverted:
        steps.append("inverted to the data's background")
        # The space around the picture is inverted too, and so becomes the data's background.
        ground = 1 - look.ground[0] if look.ground is not None else ground
    if not same_size:
        steps.append(f"scaled to {image_shape[2]} × {image_shape[1]}")
    pixels = fitted(picture, image_shape, ground)[0]
    return Fitted(original, 1 - pixels if is_inverted else pixels, tuple(steps))


def _middle(picture: Bytes, image_shape: tuple[int, int, int]) -> Bytes:
    """The largest middle part of [h, w, 4] with a model's aspect ratio; the same object if that is all."""
    height, width = picture.shape[:2]
    scale = min(height / image_shape[1], width / image_shape[2])
    rows, columns = max(1, round(scale * image_shape[1])), max(1, round(scale * image_shape[2]))
    if (rows, columns) == (height, width):
        return picture
    top, left = (height - rows) // 2, (width - columns) // 2
    return picture[top : top + rows, left : left + columns]


def _is_negative(gray: Floats, look: DataLook) -> bool:
    """Whether a picture [h, w] has an even background whose level is far from the data's background."""
    if look.ground is None:
        return False
    edge = np.concatenate([gray[0], gray[-1], gray[:, 0], gray[:, -1]])
    middle = float(np.median(edge))
    is_even = float((np.abs(edge - middle) < INK).mean()) > EVEN_SHARE
    return is_even and abs(middle - look.ground[0]) > HALF


def _ground_name(ground: float | Floats, look: DataLook) -> str:
    if look.ground is not None and not look.is_mnist:
        return "the data's background"
    level = float(np.mean(ground))
    return "black" if level == 0 else "white" if level == 1 else "its own background"


def _closer(picture: Bytes, ground: float | Floats, gray: Floats, ink: Ink) -> tuple[Floats, Ink]:
    """Find the ink of a small digit on a large picture again, from only the pixels around it."""
    by = -(-max(picture.shape[:2]) // WORKING_SIDE_PX)
    rows, columns = _extent(ink.levels)
    margin = max(rows.stop - rows.start, columns.stop - columns.start) // 2
    rows, columns = (slice(max(0, by * (x.start - margin)), by * (x.stop + margin)) for x in (rows, columns))
    part = picture[rows, columns]
    if 2 * max(part.shape[:2]) > max(picture.shape[:2]):
        return gray, ink
    gray_part = on_ground(shrunk(part, WORKING_SIDE_PX), ground) @ LUMA
    found = find_ink(gray_part)
    return (gray, ink) if found is None or found.is_dark != ink.is_dark else (gray_part, found)


def _fit_digit(gray: Floats, ink: Ink | None, same_size: bool, found: Fitted) -> Fitted:
    """Return `found` with the fitted digit; `gray` [H, W] is the picture in [0, 1]."""
    edge = float(np.median(np.concatenate([gray[0], gray[-1], gray[:, 0], gray[:, -1]])))
    if same_size and not CLEAN < edge < 1 - CLEAN and np.ptp(gray) > CLEAN:
        ink = Ink(1 - gray if edge > HALF else gray, edge > HALF, is_levelled=False)
    if ink is None:
        return replace(found, problem=NOTHING)
    steps = list(found.steps)
    levelled = None
    if ink.is_dark:
        steps.append("inverted to light on dark")
    if ink.is_levelled:
        steps.append("levelled against its own background")
        levelled = np.rint(255 * ink.levels).astype(np.uint8)
    if same_size:
        pixels = np.clip(ink.levels, 0, 1).astype(np.float32)
    else:
        size = found.pixels.shape[1:]
        box = round(BOX_SHARE * min(size))
        digit = ink.levels[_extent(ink.levels)]
        thicker = _thickened(digit, box)
        if thicker is not digit:
            steps.append("drawn with thicker strokes")
        pixels = _in_the_middle(thicker[_extent(thicker)], size, box)
        steps.append(f"scaled to {box} pixels and centred by mass")
    return replace(found, pixels=pixels[np.newaxis], steps=tuple(steps), levelled=levelled)


def _empty(image_shape: tuple[int, int, int]) -> Floats:
    return np.zeros(image_shape, np.float32)


def _ground(small: Floats, is_digit: bool, look: DataLook) -> float | Floats:
    """The background for a transparent picture [h, w, 4] (colours multiplied by alpha): a grey level or [3].

    For a digit it is the digit's own paper if that reaches the edges. Otherwise it is the data's background,
    or else black or white, whichever makes the picture visible.
    """
    alpha, luma = small[..., 3], small[..., :3] @ LUMA
    mean = float(luma.sum()) / max(float(alpha.sum()), 1e-6)
    if look.ground is not None and not is_digit:
        if len(look.ground) == 1 and abs(mean - look.ground[0]) < DARK:
            return 1 - look.ground[0]  # invisible on the data's background, so it is inverted afterwards
        color = look.ground[:3] if len(look.ground) > 1 else 3 * look.ground
        return np.array(color, np.float32)
    edge = np.ones(alpha.shape, bool)
    edge[1:-1, 1:-1] = False
    paper = luma[edge & (alpha > OPAQUE)]
    if is_digit and 2 * len(paper) > edge.sum():
        return float(np.median(paper))
    return 1.0 if mean < (HALF if is_digit else DARK) else 0.0


def _extent(levels: Floats) -> tuple[slice, slice]:
    """The range of rows and columns of [H, W] that contain ink."""
    rows, columns = np.flatnonzero((levels > INK).any(1)), np.flatnonzero((levels > INK).any(0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def stroke_width(mask: Floats) -> float:
    """The mean width of strokes in a mask [H, W]: twice the area divided by the perimeter."""
    solid = np.pad(mask > 0.5, 1)
    sides = sum(int((solid ^ np.roll(solid, 1, axis)).sum()) for axis in (0, 1))
    # Counting pixel sides overestimates the length of a curve by 4 / π, averaged over all directions.
    return 2 * float(solid.sum()) / max(1.0, sides * np.pi / 4)


def _thickened(digit: Floats, box: int) -> Floats:
    """The digit with thicker strokes if they would be too thin at `box` pixels; otherwise the same object."""
    longest = max(digit.shape)
    width_px = stroke_width(digit) * box / longest
    if width_px >= THIN_PX or longest < 2 * box:
        return digit
    scale = min(1.0, THICKENED_SIDE_PX / longest)
    rows, columns = (max(1, round(size * scale)) for size in digit.shape)
    radius = (STROKE_PX - width_px) / 2 * longest * scale / box
    margin = int(radius) + 1
    small = area_scaled(digit, rows, columns)
    strongest = float(small.max())
    return dilated(np.pad(small / strongest, margin), radius)


def _in_the_middle(ink: Floats, size: tuple[int, ...], box: int) -> Floats:
    """Scale the ink [H, W] into a box of `size`, with its centre of mass in the middle."""
    result = np.zeros(size, np.float32)
    scale = box / max(ink.shape)
    small = area_scaled(ink, max(1, round(ink.shape[0] * scale)), max(1, round(ink.shape[1] * scale)))
    y, x = np.mgrid[: small.shape[0], : small.shape[1]] + 0.5
    middle = (small * y).sum() / small.sum(), (small * x).sum() / small.sum()
    top, left = (
        min(max(0, round(whole / 2 - at)), whole - part)
        for whole, at, part in zip(size, middle, small.shape, strict=True)
    )
    result[top : top + small.shape[0], left : left + small.shape[1]] = small
    return result
