"""The layers of the plane that the open model has no content for."""

from desktop.app.explorer import Explorer
from desktop.app.own_picture import has_true_posterior
from desktop.view.state import Layer


def missing_layers(explorer: Explorer) -> frozenset[Layer]:
    """Return the layers whose points, posteriors, encoder or true posterior are missing."""
    missing, points = set(), explorer.points
    if not points.exist:
        missing |= {Layer.POINTS, Layer.THUMBNAIL, Layer.ELLIPSE}
    if points.are_z:
        missing.add(Layer.ELLIPSE)
    if points.encoded is None and (points.own is None or points.are_z):
        missing |= {Layer.DENSITY, Layer.HOLES}
    if not explorer.has_encoder:
        missing.add(Layer.ENCODED)
    if not has_true_posterior(explorer):
        missing.add(Layer.TRUE_POSTERIOR)
    return frozenset(missing)
