"""The caption that a figure has until somebody writes another one. No Qt."""

from desktop.base.minus import with_minus
from desktop.base.words import NAME_CHARS, one_line
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
    Part.HOLES: "hatched where the prior expects more than ten times as many images as there are",
    Part.ENCODED: "the encoder's posterior of a drawn image, 1 and 2 σ",
    Part.TRUE_POSTERIOR: "contours that hold 50 and 95 % of its true posterior",
    Part.PINNED: "pinned images with 1 and 2 σ of their approximate posteriors",
    Part.PATH: "a path",
}


def caption_of(source: Source, subject: Subject, parts: frozenset[Part]) -> str:
    """Say which model it is, how good it is, and what is shown."""
    return f"{_model(source, subject.state.epoch)} {_shown(subject, parts)}".strip()


def _model(source: Source, epoch: int | None) -> str:
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
    elif epoch is not None and bundle is not None:
        elbo = elbos_nats(bundle).get(epoch)
    if epoch is not None:
        words.append(f"epoch {epoch}" + (f", {in_percent(shares[epoch])} of it" if epoch in shares else ""))
    if isinstance(elbo, float):
        words.append(f"test ELBO {with_minus(f'{elbo:.2f}')} nats")
    return "; ".join(words) + "."


def _shown(subject: Subject, parts: frozenset[Part]) -> str:
    shown = parts & subject.possible()
    texts = [TEXTS[part] for part in (Part.BACKDROP,) if part in shown]
    if Part.POINTS in shown and subject.posterior is not None:
        labels = subject.posterior.labels
        by_label = ", coloured by label" if labels is not None else ""
        is_z = isinstance(subject.posterior, OwnPosterior) and subject.posterior.is_z
        where = "" if is_z else " at their posterior means"
        name = subject.points_name
        texts.append(f"{subject.are_shown.sum():,} {name[:1].lower()}{name[1:]}{where}{by_label}")
        if Part.SELECTED in shown:
            texts.append(f"rings around {len(subject.selected):,} of them that are selected")
    texts += [text for part, text in TEXTS.items() if part in shown and part is not Part.BACKDROP]
    texts += [f"axis {text}" for text in axis_words(subject.chart) if ": " in text]
    if subject.state.scale is AxisScale.QUANTILES:
        texts.append("axes in quantiles of the prior")
    if not texts:
        return ""
    text = "; ".join(texts)
    return f"{text[0].upper()}{text[1:]}."
