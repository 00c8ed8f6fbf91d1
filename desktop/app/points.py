"""The points on the plane: their posteriors, labels and words. No Qt."""

from dataclasses import dataclass, replace

from desktop.base.arrays import Floats
from desktop.base.words import NAME_CHARS, one_line
from desktop.models.opened import Opened
from desktop.models.own_posterior import OwnPosterior
from desktop.models.point_words import TEST_IMAGES, PointWords, words_of
from export.bundle import Posterior

MOST_NUMBERED = 256  # labels without names that get their numbers as names


@dataclass(frozen=True)
class Points:
    """The test images of the open model, or own pictures or z that are shown instead.

    Attributes:
        whole: the open model at its last epoch; None while nothing is open.
        now: the model that decodes and encodes; None while nothing is open.
        own: the own pictures or z that are shown instead of the test images, or None.
        own_now: the same pictures encoded by `now`, or None until it has encoded them.
    """

    whole: Opened | None = None
    now: Opened | None = None
    own: OwnPosterior | None = None
    own_now: OwnPosterior | None = None

    @property
    def posterior(self) -> Posterior | None:
        """The approximate posteriors of the test images by the encoder of `now`, if the bundle has them.

        While own pictures are shown, it is theirs, or None until `now` has encoded them.
        """
        return self._test if self.own is None else self.own_now

    @property
    def encoded(self) -> Posterior | None:
        """The approximate posteriors of images, for uses that need a variance, which own z do not have.

        It is `posterior`, or that of the test images while own z are shown as points.
        """
        return self._test if self.are_z else self.posterior

    @property
    def test_means(self) -> Floats | None:
        """The means z [N, d] of the test images by the encoder of `now`, whatever is shown as points."""
        return None if self._test is None else self._test.mean

    @property
    def are_z(self) -> bool:
        """Whether the points are own z."""
        return self.own is not None and self.own.is_z

    @property
    def exist(self) -> bool:
        """Whether there are points, or will be once own pictures are encoded."""
        return self.own is not None or self._test is not None

    @property
    def are_labelled(self) -> bool:
        """Whether the points have labels; true also without points."""
        if self.own is not None:
            return bool(self.own.label_names)
        return self._test is None or self._test.labels is not None

    @property
    def words(self) -> PointWords:
        """The words for the points."""
        return replace(words_of(self.own), are_labelled=self.are_labelled)

    @property
    def encoded_words(self) -> PointWords:
        """The words for the images of `encoded`."""
        return TEST_IMAGES if self.are_z else self.words

    @property
    def text(self) -> str:
        """The number of points and their kind, such as "30 pictures of holiday"; empty without points."""
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
