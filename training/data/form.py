"""The form that all images of a dataset are given: size, channels, and how they come to it."""

from dataclasses import dataclass

from training.config import Crop


@dataclass(frozen=True)
class Form:
    """What is made of every image.

    Attributes:
        size: height and width; None for the images' own, which then have to be alike.
        channels: 1 for grey, 3 for colour; None for colour if there is any.
        crop: how another aspect ratio becomes that of `size`: "centre" cuts off what is too long, "pad" adds
            background.
        threshold: share of white above which a number becomes 1, and otherwise 0; with 0, which is the
            default, images keep their levels.
        background: colour behind transparent pictures and around padded ones: a name or #rrggbb.
    """

    size: tuple[int, int] | None = None
    channels: int | None = None
    crop: Crop = "centre"
    threshold: float = 0.0
    background: str = "white"
