"""The job that finds directions at the cursor with the open model, and its cost."""

from collections.abc import Iterator
from threading import Event

from desktop.app.explorer import Explorer
from desktop.jobs.find_directions import Progress, find_directions
from desktop.latent.directions import MAX_SKETCH_NUMBERS, Directions

# The numbers of probes that can be chosen. Up to the last number of dimensions, all of them can be probed.
COUNTS = (8, 32, 128, 512)
# The proposed number of probes takes no longer than this, unless even the fewest take longer.
PROPOSED_S = 20.0


def counts(latent_dim: int) -> tuple[int, ...]:
    """The numbers of probes that can be chosen for d dimensions, ascending; d means all dimensions."""
    if latent_dim <= COUNTS[-1]:
        return (*(count for count in COUNTS if count < latent_dim), latent_dim)
    most = max(1, MAX_SKETCH_NUMBERS // latent_dim)
    return tuple(count for count in COUNTS if count <= most) or (most,)


def seconds(count: int, picture_ms: float) -> float:
    """About how long `count` probes take, with two pictures each that take `picture_ms`."""
    return 2 * count * picture_ms / 1000


def proposed_count(latent_dim: int, picture_ms: float) -> int:
    """The largest number of probes that takes no longer than PROPOSED_S, or else the smallest number."""
    choices = counts(latent_dim)
    fitting = [count for count in choices if seconds(count, picture_ms) <= PROPOSED_S]
    return fitting[-1] if fitting else choices[0]


def find_steps(
    explorer: Explorer, count: int, enough: Event | None = None
) -> Iterator[Progress | Directions | None] | None:
    """Return the job that finds directions at the cursor by `count` probes; None if no model is open.

    Once `enough` is set, the job ends with the directions found so far.
    """
    model = explorer.model
    return None if model is None else find_directions(model, explorer.state.z, count, enough=enough)
