"""The true posterior of your image: on the plane, in numbers, and for unknown pixels."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QPointF, Qt

from desktop.base.errors import ModelError
from desktop.images.drawing import Tool
from desktop.latent.plane import Viewport
from desktop.latent.true_posterior import LikelihoodTable
from desktop.view.state import Layer
from desktop.widgets.common.usable import reason_of
from tests.desktop.widgets.drawing import draw, encoded, paste, ready_to_draw
from tests.waiting import SOON_MS

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def window(open_window, bundle_path):
    """A window with the small fit's bundle."""
    return ready_to_draw(open_window(bundle_path, (1180, 900)))


def test_the_true_posterior_stands_beside_the_encoders(window, qtbot, seven, pixels):
    """log p(x) is above the ELBO, the gap is their difference, and the layer is drawn where p(z|x) peaks.

    Until then, the text in its place and a bar show the progress of decoding, from the first moment on.
    """
    canvas, panel = window.image.panel.canvas, window.image.panel
    canvas.set_drawing(replace(canvas.drawing(), pixels=seven))
    assert panel.figures["log_px"].text() == "decoding, 0%"
    assert reason_of(panel.take_mode) == "The true posterior is being computed."
    assert not panel.progress.isHidden()
    found, control = encoded(window, qtbot), window.true_posterior
    qtbot.waitUntil(
        lambda: control.located is not None and control.located.posterior.is_converged, timeout=SOON_MS
    )
    posterior = control.located.posterior
    qtbot.waitUntil(panel.progress.isHidden, timeout=SOON_MS)
    qtbot.mouseClick(panel.take_mode, LEFT)
    assert window.explorer.state.z == pytest.approx(posterior.mode, abs=1e-5)
    assert posterior.log_px_nats > found.elbo_nats
    gap = f"{posterior.log_px_nats - found.elbo_nats:.2f}\u00a0nats"
    qtbot.waitUntil(lambda: panel.figures["gap"].text() == gap, timeout=SOON_MS)
    with_layer = pixels(window.plane.grab().toImage())
    mode = QPointF(*window.plane.to_px(window.explorer.state.plane.project(posterior.mode)))
    assert window.plane.tip_at(mode).startswith("Mode: The peak of the true posterior")
    assert not window.plane.tip_at(QPointF(2, 2))
    marks, plane = window.image.marks, window.plane
    for place in [text.box.center() for text in marks.shown.texts]:
        qtbot.mouseClick(plane, LEFT, pos=place.toPoint())
        qtbot.waitUntil(lambda place=place: plane.ring.contains(place), timeout=SOON_MS)
        qtbot.waitUntil(
            lambda: not any(t.box.intersects(plane.ring) for t in marks.shown.texts), timeout=SOON_MS
        )
    qtbot.mouseClick(panel.take_mode, LEFT)
    window.explorer.set_state(window.explorer.state.with_layer(Layer.TRUE_POSTERIOR, on=False))
    changed = (pixels(window.plane.grab().toImage()) != with_layer).any(-1)
    x, y = window.plane.to_px(control.located.picture.peak)
    assert changed[round(y) - 6 : round(y) + 7, round(x) - 6 : round(x) + 7].any()
    assert panel.completed.isHidden()


def test_the_way_to_the_mode_of_a_coarse_posterior_ends_near_it(shipped_window, qtbot, seven):
    """Once the posterior is known well, the view zooms in, in the same step of undo."""
    window, control = shipped_window, shipped_window.true_posterior
    window.explorer.change(viewport=Viewport((0.0, 0.0), 12.0))
    before = window.explorer.state
    canvas = window.image.panel.canvas
    coarse = []

    def go(located):
        if located is not None and not coarse:
            coarse.append(located)
            window.image.panel.take_mode.click()

    control.changed.connect(go, Qt.ConnectionType.QueuedConnection)
    canvas.set_drawing(replace(canvas.drawing(), pixels=seven))
    qtbot.waitUntil(lambda: window.explorer.state.viewport.span < before.viewport.span, timeout=SOON_MS)
    assert control.located.posterior.is_converged
    assert window.explorer.state.z == pytest.approx(control.located.posterior.mode, abs=1e-5)
    window.history.undo.trigger()
    assert (window.explorer.state.z, window.explorer.state.viewport) == (before.z, before.viewport)


def test_unknown_pixels_are_completed_and_known_ones_kept(window, qtbot, seven, gray):
    """The lower half marked as unknown is filled in from the posterior of the upper half."""
    panel = window.image.panel
    paste(window, qtbot, seven)
    qtbot.mouseClick(panel.tools[Tool.UNKNOWN], LEFT)
    panel.radius.setValue(5)
    draw(window, qtbot, [(3, 22), (25, 22)])
    qtbot.waitUntil(lambda: panel.completed.image() is not None, timeout=SOON_MS)
    known = window.image.drawing.known
    assert not known[22].all()
    completed = gray(panel.completed.image())
    assert (completed[known] == 255 * seven[0][known]).all()
    mixture = window.true_posterior.located.posterior.mixture
    assert completed[~known] == pytest.approx(255 * mixture[0][~known], abs=1)
    elbo = panel.figures["elbo"]
    assert elbo.height() < 2 * elbo.fontMetrics().height(), "the number has one line"
    assert panel.figures["gap"].text() == "–"


def test_a_plane_that_cannot_be_decoded_is_waited_for_no_longer(window, qtbot, monkeypatch):
    """The error is reported, the bar and the text go, and the next stroke tries again."""

    def build(_table):
        yield False
        raise ModelError("no")

    control, panel = window.true_posterior, window.image.panel
    with monkeypatch.context() as patch, qtbot.waitSignal(window.explorer.failed, timeout=SOON_MS):
        patch.setattr(LikelihoodTable, "build", build)
        draw(window, qtbot, [(8, 6), (20, 6)])
    assert control.finder.table is None
    assert panel.progress.isHidden()
    assert [panel.figures[name].text() for name in ("log_px", "gap")] == ["–", "–"]
    draw(window, qtbot, [(8, 16), (20, 16)])
    qtbot.waitUntil(lambda: control.located is not None, timeout=SOON_MS)


def test_more_dimensions_have_no_plane_to_integrate_over(open_window, make_bundle, qtbot):
    """The text in place of log p(x) says in one line why it is missing, and its tool tip at length."""
    window = open_window(make_bundle(latent_dim=3, image_shape=(1, 28, 28)))
    window.panel.show_section(window.image.panel)
    draw(window, qtbot, [(8, 6), (20, 6)])
    value = window.image.panel.figures["log_px"]
    assert value.text() == "only in 2-D"
    assert value.toolTip().endswith("Not available here: it needs 2 dimensions.")
    assert value.fontMetrics().horizontalAdvance(value.text()) < 110  # beside the picture and "log p(x)"


def test_the_plane_is_decoded_before_the_true_posteriors_table(window, qtbot):
    """After a stroke and a zoom, the plane is decoded before a quarter of the table is."""
    window.true_posterior.finder.side = 256
    draw(window, qtbot, [(8, 6), (20, 6), (13, 24)])
    encoded(window, qtbot)
    viewport = window.explorer.state.viewport
    with qtbot.waitSignal(window.explorer.backdrop_finished, timeout=SOON_MS):
        window.explorer.change(viewport=viewport.zoomed(0.3, viewport.center))
    assert window.true_posterior.finder.table.share < 0.25
