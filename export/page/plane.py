"""Chooses the plane that a page shows at first: its position in z, and the part in view."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from export.bundle import Bundle
from export.page.reading import Reading, is_finite
from export.page.trace import session

# In more dimensions, z = 0 with two coordinates changed is far from every sample of the prior.
MOST_AXES = 8
# In more dimensions, the principal axes are computed from only so many of the test images.
MOST_COVARIANCES = 1024


@dataclass(frozen=True)
class Frame:
    """The plane z = origin + a·u + b·v, and the part of it that is shown first.

    Attributes:
        axes: the two coordinates that it is parallel to; None if it is oblique.
        origin: float32 [d].
        u: float32 [d], of length 1.
        v: float32 [d], of length 1, orthogonal to `u`.
        view: least a, least b, greatest a, greatest b.
        start: the cursor's first place.
        on_samples: whether it goes through three samples of the prior.
        home: the part that "Show the whole plane" shows, in the form of `view`; None for `view` itself.
        words: the meaning of a and b, for people; None if nothing is known.
    """

    axes: tuple[int, int] | None
    origin: NDArray[np.float32]
    u: NDArray[np.float32]
    v: NDArray[np.float32]
    view: tuple[float, float, float, float]
    start: tuple[float, float] = (0.0, 0.0)
    on_samples: bool = False
    home: tuple[float, float, float, float] | None = None
    words: tuple[str, str] | None = None

    def z(self, a: float, b: float) -> NDArray[np.float32]:
        """z at a place of the plane."""
        place: NDArray[np.float32] = (self.origin + a * self.u + b * self.v).astype(np.float32)
        return place

    def as_json(self) -> dict[str, Any]:
        """The frame as JSON for the page's script."""
        return self.plane_json() | self.view_json()

    def plane_json(self) -> dict[str, Any]:
        """The position of the plane, and its home; u, v and the origin only if they are needed."""
        facts: dict[str, Any] = {}
        if self.axes is not None:
            facts["axes"] = list(self.axes)
        else:
            facts |= {"u": rounded(self.u), "v": rounded(self.v)}
        if self.axes is None or self.origin.any():
            facts["origin"] = rounded(self.origin)
        if self.on_samples:
            facts["onSamples"] = True
        if self.home is not None:
            facts["home"] = rounded(self.home)
        if self.words is not None:
            facts["words"] = list(self.words)
        return facts

    def view_json(self) -> dict[str, Any]:
        """The part in view, and the cursor's place."""
        return {"view": rounded(self.view), "start": rounded(self.start)}


def rounded(numbers: ArrayLike) -> list[float]:
    """Numbers rounded to the digits of float32."""
    return [float(f"{number:.7g}") for number in np.asarray(numbers, np.float64).tolist()]


def frame_of(reading: Reading, bundle: Bundle | None) -> Frame:
    """The page's first plane: along two of few coordinates, otherwise through three samples of the prior.

    With test images in more than two dimensions it is the plane of their principal axes, as in the viewer.
    """
    d = reading.latent_dim
    posterior = bundle.read_posterior() if bundle is not None else None
    principal = _principal(posterior.mean) if posterior is not None and d > 2 else None
    if principal is not None:
        return principal
    if posterior is not None or d <= MOST_AXES:
        return _on_axes(reading, None if posterior is None else posterior.mean)
    return _through_samples(reading)


def _on_axes(reading: Reading, means: NDArray[np.float32] | None) -> Frame:
    """The plane of the first two coordinates at the prior's mean; its view holds the prior or the means."""
    d, prior = reading.latent_dim, reading.prior
    first, second = (0, min(1, d - 1))
    mean = prior.center
    low, high = mean - prior.half_width, mean + prior.half_width
    view = (low, low, high, high)
    if means is not None:
        least, most = np.percentile(means[:, [first, second]], (0.5, 99.5), axis=0)
        least, most = np.minimum(least, -2.5), np.maximum(most, 2.5)
        view = (float(least[0]), float(least[1]), float(most[0]), float(most[1]))
    if d == 1:
        view = (view[0], -1.0, view[2], 1.0)
    origin = np.full(d, mean, np.float32)
    origin[[first, second]] = 0
    unit = np.eye(d, dtype=np.float32)
    v = unit[second] if d > 1 else np.zeros(1, np.float32)
    at = mean
    if prior.kind == "sphere":  # the centre of a sphere is not on it
        at = prior.scale / math.sqrt(min(d, 2))
    elif not is_finite(session(reading.source), reading, np.full(d, mean, np.float32)):
        at = mean + prior.scale / 2  # some decoders normalise z, and give NaN at 0
    return Frame((first, second), origin, unit[first], v, view, (at, at if d > 1 else 0.0))


def _principal(means: NDArray[np.float32]) -> Frame | None:
    """The plane along which test images vary most, through the test image nearest to their mean.

    The cursor is at that image. At the mean itself, or on a plane of two coordinates, pictures are often
    unlike any test image. None if the images do not span a plane.
    """
    offsets = means.astype(np.float64) - means.mean(0, dtype=np.float64)
    some = offsets[np.linspace(0, len(means) - 1, min(len(means), MOST_COVARIANCES)).astype(np.intp)]
    if means.shape[1] > MOST_COVARIANCES:
        variances, weights = np.linalg.eigh(some @ some.T)
        directions = some.T @ weights[:, -2:]
        directions /= np.maximum(np.linalg.norm(directions, axis=0), 1e-30)
    else:
        variances, directions = np.linalg.eigh(offsets.T @ offsets)
    if len(variances) < 2 or not variances[-2] > 1e-12 * variances[-1]:
        return None
    u, v = (axis * np.sign(axis[np.abs(axis).argmax()]) for axis in (directions[:, -1], directions[:, -2]))
    middle = means[np.square(offsets).sum(1).argmin()]
    places = (means - middle) @ np.stack((u, v), 1)
    low, high = np.percentile(places, (0.5, 99.5), axis=0)
    margin = 0.05 * float((high - low).max())
    shares = 100 * variances[:-3:-1] / variances.clip(0).sum()
    words = (
        f"1st principal axis of the test images, {shares[0]:.0f} % of the variance",
        f"2nd principal axis, {shares[1]:.0f} %",
    )
    return Frame(
        None, middle.astype(np.float32), u.astype(np.float32), v.astype(np.float32),
        (*(low - margin).tolist(), *(high + margin).tolist()), words=words,
    )  # fmt: skip


def _through_samples(reading: Reading) -> Frame:
    """The plane through three samples. The cursor is at the first, because pictures between them are blends.

    If the decoder gives NaN in the middle of the three, other samples are drawn.
    """
    runtime = session(reading.source)
    for seed in range(8):
        samples = reading.prior.sample(np.random.default_rng(seed), 3, reading.latent_dim)
        a, b, c = samples.astype(np.float64)
        origin = (a + b + c) / 3
        u = (b - a) / np.linalg.norm(b - a)
        v = (c - a) - ((c - a) @ u) * u
        v /= np.linalg.norm(v)
        if is_finite(runtime, reading, origin.astype(np.float32)):
            break
    corners = np.array([[(p - origin) @ u, (p - origin) @ v] for p in (a, b, c)])
    half = float(np.abs(corners).max()) * 1.25
    return Frame(
        None,
        origin.astype(np.float32),
        u.astype(np.float32),
        v.astype(np.float32),
        (-half, -half, half, half),
        (float(corners[0, 0]), float(corners[0, 1])),
        on_samples=True,
    )
