"""Writes a figure's default caption, which a person may replace. No Qt."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from desktop.base.arrays import Array
from desktop.base.words import NAME_CHARS, in_nats, one_line
from desktop.figure.figure import DENSITY_CELL_PX, Figure, FigureError, Ground, Part, Subject
from desktop.figure.in_view import InView, everything, in_view
from desktop.figure.layout import layout_of
from desktop.jobs.density_map import is_map_smoothed
from desktop.latent.axis_texts import axis_words
from desktop.latent.chart import AxisScale
from desktop.latent.normals import PlaneNormals, project_normals
from desktop.latent.plane import MOST_SHOWN, format_z
from desktop.latent.prior import NORMAL
from desktop.models.epochs import elbo_errors_nats, elbos_nats, in_percent, unfinished, whole_elbo_nats
from desktop.models.own_posterior import OwnPosterior, name_of
from desktop.models.source import Source
from desktop.reading.input_values import differing_words, in_words, taken
from desktop.view.first_view import corners, is_on_samples
from desktop.view.state import ViewState

MOST_ROUNDS = 3
ROUNDING = 1e-4  # relative tolerance for a float32 z that lies on a plane
MOST_CHECKED = 1000  # at most this many points that may lie on the plane are compared in all coordinates
MOST_POINTS = 6  # the inputs of a path with more points are not listed
MOST_NUMBERS = 8  # a z with more numbers is shortened
INVERTED = "grey values of the decoded pictures inverted"
SMOOTHED = ", smoothed because many posteriors are too narrow to draw"
TEXTS = {
    Part.BACKDROP: "the picture decoded at each point of the plane",
    Part.PRIOR: "contours that hold 50, 90 and 99 % of the prior",
    Part.DENSITY: "the density of the aggregate posterior, relative to the prior's peak",
    Part.HOLES: (
        "hatched, within the contour that holds 99 % of the prior, where the prior expects more than ten "
        "times as many images as there are"
    ),
    Part.ENCODED: "the encoder's posterior of an image that was drawn or opened, 1 and 2 σ",
    Part.TRUE_POSTERIOR: "contours that hold 50 and 95 % of its true posterior",
    Part.PINNED: "pinned images with 1 and 2 σ of their approximate posteriors",
    Part.PATH: "a path",
}


def caption_of(source: Source, subject: Subject, figure: Figure, beside: Source | None = None) -> str:
    """The caption: which model it is, how good it is, and what is seen; with two planes, both models.

    What is in view depends on the room that the caption itself takes, so it is computed in several rounds.
    """
    text, foot = quick_caption(source, subject, figure, beside), foot_point(subject)
    normals = [_drawn_normals(plane, figure) for plane in subject.planes]
    for _ in range(MOST_ROUNDS):
        try:
            projections = layout_of(subject, replace(figure, caption=text)).projections
            seen = in_view(subject, projections)
        except FigureError:  # there is no room for a plane; the layout of the figure reports that
            return text
        is_smoothed = any(
            one is not None and is_map_smoothed(one, projection, DENSITY_CELL_PX)
            for one, projection in zip(normals, projections, strict=True)
        )
        before, text = text, _caption(source, subject, figure, seen, beside, foot, is_smoothed)
        if text == before:
            break
    return text


def quick_caption(source: Source, subject: Subject, figure: Figure, beside: Source | None = None) -> str:
    """The caption of all parts, in view or not, without the plane's position; faster than `caption_of`."""
    return _caption(source, subject, figure, everything(subject), beside)


def _caption(
    source: Source,
    subject: Subject,
    figure: Figure,
    seen: Sequence[InView],
    beside: Source | None,
    foot: str = "",
    is_smoothed: bool = False,
) -> str:
    models = _model(source, subject)
    if subject.beside is not None and beside is not None:
        models = f"A: {models} B: {_model(beside, subject.beside)}"
    is_gray = any(each is not None and each.reading.image_shape[0] == 1 for each in (source, beside))
    is_inverted = is_gray and figure.is_inverted and figure.ground is not Ground.DARK
    return f"{models} {_shown(subject, figure.parts, seen, is_inverted, foot, is_smoothed)}".strip()


def _drawn_normals(plane: Subject, figure: Figure) -> PlaneNormals | None:
    """The posteriors whose density a figure draws on a plane; None if it draws none."""
    if plane.encoded is None or Part.DENSITY not in figure.parts:
        return None
    return project_normals(plane.state.plane, plane.encoded.mean, plane.encoded.logvar)


def title_of(letter: str, source: Source, epoch: int | None) -> tuple[str, str]:
    """The two lines above one of two planes: the model's name, and its epoch and test ELBO.

    They leave out the ELBO's standard error, which is in the caption, because there is little room.
    """
    name, *facts = _facts(source, epoch, has_errors=False)
    return f"{letter}  {name}", ", ".join(facts)


def _model(source: Source, subject: Subject) -> str:
    """The facts that are needed to decode the same pictures again: the model, its inputs, and its prior."""
    inputs = in_words(taken(source.further_inputs, subject.state.inputs))
    facts = [*_facts(source, subject.state.epoch), *filter(None, [inputs])]
    reading = source.reading
    if source.bundle is None or reading.prior != NORMAL:
        facts.append(f"prior {reading.prior}" + (" (a guess)" if "prior" in reading.guesses else ""))
    return "; ".join(facts) + "."


def _facts(source: Source, epoch: int | None, has_errors: bool = True) -> list[str]:
    """A model's name, and its epoch and test ELBO if they are known."""
    words = [one_line(source.name, NAME_CHARS)]
    bundle = source.bundle
    shares = {} if bundle is None else unfinished(bundle)
    metrics = None if bundle is None else bundle.manifest.get("metrics")
    facts = metrics if isinstance(metrics, dict) else {}
    elbo, error = (None, None) if bundle is None else whole_elbo_nats(bundle)
    if epoch is None and shares:
        epoch = next(iter(shares))
    elif epoch is None and type(facts.get("epoch")) is int:
        epoch = facts["epoch"]
    elif bundle is not None and (epoch is not None or bundle.epochs):
        epoch = bundle.epochs[-1] if epoch is None else epoch
        elbo, error = elbos_nats(bundle).get(epoch), elbo_errors_nats(bundle).get(epoch)
    if epoch is not None:
        words.append(f"epoch {epoch}" + (f", {in_percent(shares[epoch])} of it" if epoch in shares else ""))
    if elbo is not None:
        words.append(f"test ELBO {in_nats(elbo, error if has_errors else None)}")
    return words


def _shown(
    subject: Subject,
    parts: frozenset[Part],
    seen: Sequence[InView],
    is_inverted: bool,
    foot: str,
    is_smoothed: bool,
) -> str:
    shown = parts & frozenset().union(*(each.parts for each in seen))
    texts = [TEXTS[part] for part in (Part.BACKDROP,) if part in shown]
    points = [
        _points(plane, parts & each.parts, each) for plane, each in zip(subject.planes, seen, strict=True)
    ]
    if len(set(points)) > 1:
        points = [f"{letter}: {text}" for letter, text in zip("AB", points, strict=True) if text]
    texts += filter(None, dict.fromkeys(points))
    texts += [
        text
        for part, text in _texts(subject, is_smoothed).items()
        if part in shown and part is not Part.BACKDROP
    ]
    gap = None if subject.own is None else subject.own.gap_nats
    if gap is not None and {Part.ENCODED, Part.TRUE_POSTERIOR} <= shown:
        texts.append(f"gap log p(x) − ELBO {in_nats(gap)}")
    texts += [f"axis {text}" for text in axis_words(subject.chart) if ": " in text]
    if subject.state.scale is AxisScale.QUANTILES:
        texts.append("axes in quantiles of the prior")
    texts += filter(None, [foot])
    if subject.beside is not None and not subject.shares_axes:
        texts.append("each on a plane of its own")
    if is_inverted and Part.BACKDROP in shown:
        texts.append(INVERTED)
    if not texts:
        return ""
    text = "; ".join(texts)
    return f"{text[0].upper()}{text[1:]}."


def _texts(subject: Subject, is_smoothed: bool) -> dict[Part, str]:
    """The clauses of the parts, for this number of images and of latent dimensions."""
    texts = dict(TEXTS)
    images = "" if subject.encoded is None else f"{len(subject.encoded.mean):,} images"
    texts[Part.DENSITY] = texts[Part.DENSITY].replace("posterior,", f"posterior of {images},")
    texts[Part.PATH] = _path(subject.state)
    if subject.is_projected:
        texts[Part.PRIOR] += "'s projection on the plane"
        texts[Part.DENSITY] += ", both projected on the plane"
        texts[Part.HOLES] += ", both projected on the plane"
    if is_smoothed:
        texts[Part.DENSITY] += SMOOTHED
    if all(plane.has_too_few_for_holes for plane in subject.planes):
        texts[Part.HOLES] = f"no holes are hatched, because {images} are too few to tell them from chance"
    return texts


def _path(state: ViewState) -> str:
    """The clause about the path, whose points may have other inputs than the decoded plane."""
    text, each = TEXTS[Part.PATH], state.inputs_on_path
    if not state.has_own_path_inputs:
        return text
    text += " whose points have inputs of their own"
    words = differing_words(each) if len(set(each)) > 1 else (in_words(each[0]),)
    return text if len(words) > MOST_POINTS else f"{text}: {' → '.join(words)}"


def foot_point(subject: Subject) -> str:
    """Name a point that the plane goes through; empty if the latent space has only two dimensions."""
    state, posterior = subject.state, subject.posterior
    latent_dim = len(state.z)
    if not subject.is_projected:
        return ""
    start = "a and b are measured from the points' mean; " if state.plane.is_principal else ""
    start += "the plane goes through"
    on_samples = is_on_samples(state, has_posterior=False)
    if on_samples and _are_on(state, corners(latent_dim, state.prior, state.seed)).all():
        return f"{start} three samples of the prior, seed {state.seed}"
    if posterior is not None:
        (rows,) = np.nonzero(_are_on(state, posterior.mean))
        if len(rows) == 1:
            name = name_of(posterior, int(rows[0])) or f"test image {rows[0]}"
            is_z = isinstance(posterior, OwnPosterior) and posterior.is_z
            return f"{start} {'' if is_z else 'the posterior mean of '}{name}"
    if _are_on(state, state.prior.mean(latent_dim)[np.newaxis]).all():
        return f"{start} the prior's mean"
    if latent_dim <= MOST_NUMBERS:
        return f"{start} z = {format_z(state.z)}"
    norm = float(np.linalg.norm(state.z.array.astype(np.float64)))
    return f"{start} z = {format_z(state.z[:MOST_SHOWN])}, … ({latent_dim:,} numbers, norm {norm:.4g})"


def _are_on(state: ViewState, z: Array) -> NDArray[np.bool_]:
    """Whether each z [N, d] lies on the plane, up to rounding, [N]."""
    plane, found = state.plane, np.zeros(len(z), np.bool_)
    ab = plane.project(z)
    # One coordinate rules out most points, so that all coordinates are computed only for the others.
    place = int(np.argmin(np.abs(plane.u.array) + np.abs(plane.v.array)))
    beside = np.abs(ab @ [plane.u[place], plane.v[place]] + plane.origin[place] - z[:, place])
    (rows,) = np.nonzero(beside <= ROUNDING * (1 + np.abs(z[:, place])))
    for row in rows[:MOST_CHECKED]:
        beside = np.abs(plane.embed(ab[row]) - z[row])
        found[row] = beside.max() <= ROUNDING * (1 + np.abs(z[row]).max())
    return found


def _points(subject: Subject, shown: frozenset[Part], seen: InView) -> str:
    """The clause about the points on a plane; empty if none are in view."""
    if Part.POINTS not in shown or subject.posterior is None:
        return ""
    by_label = ", coloured by label" if subject.posterior.labels is not None else ""
    is_z = isinstance(subject.posterior, OwnPosterior) and subject.posterior.is_z
    where = "" if is_z else " at their posterior means"
    if subject.is_projected:
        where += ", projected on the plane"
    name = subject.points_name
    drawn, visible = int(subject.are_shown.sum()), int(seen.points.sum())
    count = f"{drawn:,}" if visible == drawn else f"{visible:,} of {drawn:,}"
    text = f"{count} {name[:1].lower()}{name[1:]}{where}{by_label}"
    if Part.SELECTED in shown:
        selected = int(seen.points[subject.selected].sum())
        text += f"; rings around {selected:,} of them that are selected"
    return text
