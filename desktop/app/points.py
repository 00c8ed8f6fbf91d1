"""The points on the plane: what there is of them, and what they are called. No Qt."""

from dataclasses import dataclass

from desktop.base.arrays import Floats
from desktop.base.words import NAME_CHARS, one_line
from desktop.models.opened import Opened
from desktop.models.own_posterior import OwnPosterior
from desktop.models.point_words import TEST_IMAGES, PointWords, words_of
from export.bundle import Posterior

MOST_NUMBERED = 256  # labels without names that get their numbers as names


@dataclass(frozen=True)
class Points:
    """The test images of the open model, or own pictures or z in their place.

    Attributes:
        whole: the open model at its last epoch; None while nothing is open.
        now: the model that decodes and encodes; None while nothing is open.
        own: the own pictures, or z, that take the place of the test images, or None.
        own_now: these by the encoder of `now`, or None until it has encoded them.
    """

    whole: Opened | None = None
    now: Opened | None = None
    own: OwnPosterior | None = None
    own_now: OwnPosterior | None = None

    @property
    def posterior(self) -> Posterior | None:
        """The approximate posteriors of the test images by that model's encoder, if the bundle has them.

        While own pictures are shown, it is theirs, or None until that model has encoded them.
        """
        return self._test if self.own is None else self.own_now

    @property
    def encoded(self) -> Posterior | None:
        """The approximate posteriors of images, for what points without a spread cannot give.

        That is `posterior`; while own z are shown as points, those of the test images.
        """
        return self._test if self.are_z else self.posterior

    @property
    def test_means(self) -> Floats | None:
        """The means z [N, d] of the test images by that model's encoder, whatever is shown as points."""
        return None if self._test is None else self._test.mean

    @property
    def are_z(self) -> bool:
        """Whether they are z that were brought as points."""
        return self.own is not None and self.own.is_z

    @property
    def exist(self) -> bool:
        """Whether there are any, or will be, once own pictures are encoded."""
        return self.own is not None or self._test is not None

    @property
    def words(self) -> PointWords:
        """What the points are called."""
        return words_of(self.own)

    @property
    def encoded_words(self) -> PointWords:
        """What the images of `encoded` are called."""
        return TEST_IMAGES if self.are_z else self.words

    @property
    def text(self) -> str:
        """How many points of what there are, such as "30 pictures of holiday"; empty for none."""
        posterior, words = self.posterior, self.words
        if posterior is None:
            return ""
        return f"{len(posterior.mean):,} {words.bare}" + (f" of {words.title}" if words.title else "")

    @property
    def label_names(self) -> tuple[str, ...]:
        """The names of the labels of the test images, or of the own pictures; empty if they have none."""
        names = self._test_label_names if self.own is None else self.own.label_names
        return tuple(one_line(name, NAME_CHARS) for name in names)

    @property
    def _test(self) -> Posterior | None:
        return None if self.now is None else self.now.posterior

    @property
    def _test_label_names(self) -> tuple[str, ...]:
        if self.whole is None:
            return ()
        bundle, posterior = self.whole.model.source.bundle, self.whole.posterior
        if bundle is not None and bundle.label_names:
            return bundle.label_names
        if posterior is None or posterior.labels is None or not len(posterior.labels):
            return ()
        most = int(posterior.labels.max()) + 1
        return tuple(map(str, range(most))) if most <= MOST_NUMBERED else ()
