"""The caption that a figure has until somebody writes another one. No Qt."""

from desktop.base.words import NAME_CHARS, in_nats, one_line
from desktop.figure.figure import Part, Subject
from desktop.latent.axis_texts import axis_words
from desktop.latent.chart import AxisScale
from desktop.models.epochs import elbos_nats, in_percent, unfinished
from desktop.models.own_posterior import OwnPosterior
from desktop.models.source import Source

TEXTS = {
    Part.BACKDROP: "the picture decoded at each point of the plane",
    Part.PRIOR: "contours that hold 50, 90 and 99 % of the prior",
    Part.DENSITY: "the density of the aggregate posterior, relative to the prior's peak",
    Part.HOLES: (
        "hatched, within the contour that holds 99 % of the prior, where the prior expects more than ten "
        "times as many images as there are"
    ),
    Part.ENCODED: "the encoder's posterior of a drawn image, 1 and 2 σ",
    Part.TRUE_POSTERIOR: "contours that hold 50 and 95 % of its true posterior",
    Part.PINNED: "pinned images with 1 and 2 σ of their approximate posteriors",
    Part.PATH: "a path",
}


def caption_of(source: Source, subject: Subject, parts: frozenset[Part], beside: Source | None = None) -> str:
    """Say which model it is, how good it is, and what is shown; with two planes, both models."""
    models = _model(source, subject.state.epoch)
    if subject.beside is not None and beside is not None:
        models = f"A: {models} B: {_model(beside, subject.beside.state.epoch)}"
    return f"{models} {_shown(subject, parts)}".strip()


def title_of(letter: str, source: Source, epoch: int | None) -> tuple[str, str]:
    """The two lines above a plane of two: which model it is, and its epoch and test ELBO."""
    name, *facts = _facts(source, epoch)
    return f"{letter}  {name}", ", ".join(facts)


def _model(source: Source, epoch: int | None) -> str:
    return "; ".join(_facts(source, epoch)) + "."


def _facts(source: Source, epoch: int | None) -> list[str]:
    """The name of a model, its epoch and its test ELBO, as far as they are known."""
    words = [one_line(source.name, NAME_CHARS)]
    bundle = source.bundle
    shares = {} if bundle is None else unfinished(bundle)
    metrics = None if bundle is None else bundle.manifest.get("metrics")
    facts = metrics if isinstance(metrics, dict) else {}
    elbo = facts.get("test_elbo_nats")
    if epoch is None and shares:
        epoch = next(iter(shares))
    elif epoch is None and type(facts.get("epoch")) is int:
        epoch = facts["epoch"]
    elif bundle is not None and (epoch is not None or bundle.epochs):
        epoch = bundle.epochs[-1] if epoch is None else epoch
        elbo = elbos_nats(bundle).get(epoch)
    if epoch is not None:
        words.append(f"epoch {epoch}" + (f", {in_percent(shares[epoch])} of it" if epoch in shares else ""))
    if isinstance(elbo, float):
        words.append(f"test ELBO {in_nats(elbo)}")
    return words


def _shown(subject: Subject, parts: frozenset[Part]) -> str:
    shown = parts & subject.possible_anywhere()
    texts = [TEXTS[part] for part in (Part.BACKDROP,) if part in shown]
    points = [_points(plane, parts & plane.possible()) for plane in subject.planes]
    if len(set(points)) > 1:
        points = [f"{letter}: {text}" for letter, text in zip("AB", points, strict=True) if text]
    texts += filter(None, dict.fromkeys(points))
    texts += [text for part, text in _texts(subject).items() if part in shown and part is not Part.BACKDROP]
    texts += [f"axis {text}" for text in axis_words(subject.chart) if ": " in text]
    if subject.state.scale is AxisScale.QUANTILES:
        texts.append("axes in quantiles of the prior")
    if subject.beside is not None and not subject.shares_axes:
        texts.append("each on a plane of its own")
    if not texts:
        return ""
    text = "; ".join(texts)
    return f"{text[0].upper()}{text[1:]}."


def _texts(subject: Subject) -> dict[Part, str]:
    """What each part shows, of these images and in so many dimensions."""
    texts = dict(TEXTS)
    images = "" if subject.encoded is None else f"{len(subject.encoded.mean):,} images"
    texts[Part.DENSITY] = texts[Part.DENSITY].replace("posterior,", f"posterior of {images},")
    if subject.is_projected:
        texts[Part.PRIOR] += "'s projection on the plane"
        texts[Part.DENSITY] += ", both projected on the plane"
        texts[Part.HOLES] += ", both projected on the plane"
    if all(plane.has_too_few_for_holes for plane in subject.planes):
        texts[Part.HOLES] = f"no holes are hatched, because {images} are too few to tell them from chance"
    return texts


def _points(subject: Subject, shown: frozenset[Part]) -> str:
    """Say what the points on a plane are; empty if there are none."""
    if Part.POINTS not in shown or subject.posterior is None:
        return ""
    by_label = ", coloured by label" if subject.posterior.labels is not None else ""
    is_z = isinstance(subject.posterior, OwnPosterior) and subject.posterior.is_z
    where = "" if is_z else " at their posterior means"
    name = subject.points_name
    text = f"{subject.are_shown.sum():,} {name[:1].lower()}{name[1:]}{where}{by_label}"
    if Part.SELECTED in shown:
        text += f"; rings around {len(subject.selected):,} of them that are selected"
    return text
