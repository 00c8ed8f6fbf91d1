"""The job that decodes thumbnails for a person's own z, shown as points. No Qt."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from desktop.images.shrink import shrink
from desktop.jobs.kept_decoder import pictures_per_step
from desktop.jobs.own_pictures import MOST_BYTES, MOST_PICTURES, Progress
from desktop.latent.named_points import NamedPoints
from desktop.models.model import Model
from desktop.models.own_posterior import OwnPosterior

THUMBNAIL_PX = 96


def points_of_z(model: Model, points: NamedPoints, title: str) -> OwnPosterior:
    """Points for z, without pictures yet. If there are too many, an evenly spaced part of them is taken."""
    channels, height, width = model.image_shape
    picture_bytes = channels * min(height, THUMBNAIL_PX) * min(width, THUMBNAIL_PX)
    most = min(MOST_PICTURES, MOST_BYTES // (picture_bytes + 8 * model.latent_dim))
    shown = points.evenly(max(2, most))
    note = f"{len(shown.z):,} of {len(points.z):,} points are shown, evenly spaced, to bound memory"
    return OwnPosterior(
        mean=shown.z.astype(np.float32),
        logvar=np.zeros(shown.z.shape, np.float32),
        labels=shown.labels,
        title=title,
        names=shown.names,
        label_names=shown.label_names,
        note=note if len(shown.z) < len(points.z) else "",
        is_z=True,
        levels=256,
    )


def decode_points(model: Model, own: OwnPosterior) -> Iterator[Progress | OwnPosterior]:
    """Decode a thumbnail of each point in short steps.

    Yields the points without pictures first, the progress after each step, and the points with pictures last.
    """
    own = replace(own, images=None)
    yield own
    total = len(own.mean)
    images: list[np.ndarray] = []
    done, spent_ms = 0, 0.0
    while done < total:
        rows = slice(done, done + pictures_per_step(model, spent_ms / done if done else None))
        pictures = shrink(model.decode(own.mean[rows]), THUMBNAIL_PX)
        images.append(np.rint(np.clip(np.nan_to_num(pictures), 0, 1) * 255).astype(np.uint8))
        spent_ms += model.last_decode_ms
        done += len(pictures)
        yield Progress(done, total, "decoding your points")
    yield replace(own, images=np.concatenate(images))
