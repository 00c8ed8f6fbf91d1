"""The form that all images of a dataset are given: size and channels, and how pictures are converted."""

from dataclasses import dataclass

from training.config import Crop


@dataclass(frozen=True)
class Form:
    """The size, channels and levels that every image is given.

    Attributes:
        size: height and width; None for the images' own size, which must then be the same for all.
        channels: 1 for grey, 3 for colour; None for colour if any image has colour.
        crop: how another aspect ratio becomes that of `size`: "centre" crops the longer side, "pad" adds
            background.
        threshold: numbers above this share of white become 1, others 0; with 0, which is the default, images
            keep their levels.
        background: colour behind transparent pictures and around padded ones: a name or #rrggbb.
    """

    size: tuple[int, int] | None = None
    channels: int | None = None
    crop: Crop = "centre"
    threshold: float = 0.0
    background: str = "white"
