"""The expected z of a film along a path, at an even pace in z."""

from collections.abc import Sequence

from desktop.base.arrays import Floats
from desktop.latent.paths import PathKind, even_walk, path_curve


def path_points(
    points: Sequence[Sequence[float]],
    frame_count: int,
    closed: bool = False,
    kind: PathKind = PathKind.STRAIGHT,
    ping_pong: bool = False,
) -> Floats:
    """Return z [frame_count, d] at even distances along the path."""
    return even_walk(path_curve(points, kind, closed), closed).frames(frame_count, ping_pong)[:]
