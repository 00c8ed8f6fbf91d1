"""The words for the points on the plane: test images, own pictures, or own z. No Qt."""

from dataclasses import dataclass, replace

from desktop.base.words import NAME_CHARS, one_line
from desktop.models.own_posterior import OwnPosterior

MAX_TITLE_CHARS = 20


@dataclass(frozen=True)
class PointWords:
    """Words for the points.

    Attributes:
        one: one of them, with its article: "the test image".
        many: all of them, with their article: "the test images".
        bare: several of them, without an article: "test images".
        title: the name of the folder or file that they come from; empty for test images.
        are_labelled: whether they have labels.
    """

    one: str
    many: str
    bare: str
    title: str = ""
    are_labelled: bool = True

    def heading(self, rest: str) -> str:
        """A heading about all of them: "Test images by label", "Your pictures (holiday) by label"."""
        name = self.many.removeprefix("the ").capitalize()
        return f"{name} ({_short(self.title)}) {rest}" if self.title else f"{name} {rest}"

    @property
    def as_layer(self) -> str:
        """The name of the layer that shows them: "Test images by label", "Test images" without labels."""
        return self.heading("by label" if self.are_labelled else "").rstrip()

    def heading_of_one(self, rest: str) -> str:
        """A heading about one of them: "Test image under the pointer"."""
        return f"{self.one.removeprefix('the ').capitalize()} {rest}"

    @property
    def nearest(self) -> str:
        """The nearest one: "the nearest test image", "your nearest picture"."""
        article, noun = self.one.split(maxsplit=1)
        return f"{article} nearest {noun}"

    @property
    def source(self) -> str:
        """Where they come from, as a line of its own after a line break; empty for test images."""
        return f"\nThey come from {self.title}." if self.title else ""


TEST_IMAGES = PointWords("the test image", "the test images", "test images")
OWN_PICTURES = PointWords("your picture", "your pictures", "pictures")
OWN_Z = PointWords("your point", "your points", "points")


def words_of(own: OwnPosterior | None) -> PointWords:
    """Return the words for own pictures or z; for None, those for test images."""
    if own is None:
        return TEST_IMAGES
    return replace(OWN_Z if own.is_z else OWN_PICTURES, title=one_line(own.title, NAME_CHARS))


def _short(title: str) -> str:
    return title if len(title) <= MAX_TITLE_CHARS else f"{title[: MAX_TITLE_CHARS - 1]}…"
