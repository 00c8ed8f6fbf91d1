"""The jobs that find points worth a visit: the worst reconstructions, and points next to other labels.

Work that would take more than `most_s` seconds is not done; its Cost is yielded instead.
"""

import math
from collections.abc import Iterator

import numpy as np

from desktop.app.explorer import Explorer
from desktop.jobs.cost import ASK_FROM_S, Cost, Progress
from desktop.jobs.sheets import KnownScores, Scores, scores_within
from desktop.latent.selection import misplaced
from desktop.models.own_posterior import title_of

# The points in their order, and a text about each of them, or an empty list.
Found = tuple[tuple[int, ...], list[str]]


def worst_steps(
    explorer: Explorer, known: KnownScores, most_s: float = ASK_FROM_S
) -> Iterator[Found | Progress | Cost | None] | None:
    """Return the job that orders the points by their reconstructions, the worst first.

    None if there are no images to reconstruct. It computes the scores that are not `known`, and adds them.
    """
    decoder, posterior = explorer.decoder, explorer.points.posterior
    if decoder is None or posterior is None or posterior.images is None or explorer.points.are_z:
        return None

    def steps() -> Iterator[Found | Progress | Cost | None]:
        if known.scores is None:
            for step in scores_within(decoder, posterior, known, most_s):
                yield None if isinstance(step, Scores) else step
                if isinstance(step, Cost):
                    return
        scores = known.scores
        assert scores is not None
        order = np.argsort(scores.merit, kind="stable")
        yield tuple(order.tolist()), [scores.in_words(index) for index in order.tolist()]

    return steps()


def misplaced_steps(explorer: Explorer) -> Iterator[Found | None] | None:
    """Return the job that finds the points next to another label; None if the points have no labels."""
    posterior = explorer.points.posterior
    if posterior is None or posterior.labels is None:
        return None
    names = explorer.points.label_names

    def steps() -> Iterator[Found | None]:
        assert posterior.labels is not None
        for found in misplaced(posterior.mean, posterior.labels):
            if found is None:
                yield None
                continue
            words = [
                _neighbour(title_of(posterior, index, names), away, own)
                for index, away, own in zip(
                    found.neighbours.tolist(), found.away.tolist(), found.own.tolist(), strict=True
                )
            ]
            yield tuple(found.points.tolist()), words

    return steps()


def _neighbour(title: str, away: float, own: float) -> str:
    """Words for the nearest neighbour: distance in z, title, and the distance of the own label's nearest."""
    others = f"; own label: {own:.3g}" if math.isfinite(own) else "; alone with its label"
    return f"{away:.3g} from {title}{others}"
