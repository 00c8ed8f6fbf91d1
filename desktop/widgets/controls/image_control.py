"""A picture of one's own: drawn, dropped or pasted, and encoded while it changes."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QPointF, Qt, Signal
from PySide6.QtGui import QImage, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QFileDialog

from desktop.app.worker import Priority
from desktop.base.arrays import Bytes
from desktop.images.drawing import Drawing, blank
from desktop.images.fitting import Fitted
from desktop.images.pixels import to_bytes
from desktop.jobs.encode import Encoded, encode, fit_image
from desktop.latent.normals import ellipse, project_normals
from desktop.view.state import Layer, ViewState
from desktop.widgets.common import colors
from desktop.widgets.common.actions import add_action
from desktop.widgets.common.qimage import from_qimage, to_qimage
from desktop.widgets.panels.image_panel import ImagePanel

if TYPE_CHECKING:
    from desktop.widgets.main_window import MainWindow

NO_ENCODER = "The open model comes without an encoder: what is drawn has no mean, bound or reconstruction."
NOT_BERNOULLI = "The open model does not say that its pixels are Bernoulli: no distortion, ELBO or log p(x)."


class ImageControl(QObject):
    """Adds the section for a picture of one's own, and keeps what is shown of it up to date.

    Attributes:
        encoded: what the model makes of the drawing, or None.
    """

    encoding_changed = Signal()

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window = window
        self._explorer = explorer = window.explorer
        self.panel = ImagePanel()
        self.encoded: Encoded | None = None
        self._is_encoding = self._is_stale = False
        self._goes_to_mean = False
        window.panel.add_section("Image", self.panel)
        window.plane.add_under_points(self._paint)
        add_action(window.menus["file"], "Open a p&icture…", None, self._choose)
        self.panel.canvas.changed.connect(self._on_drawn)
        self.panel.clear_wanted.connect(self._clear)
        self.panel.open_wanted.connect(self._choose)
        self.panel.cursor_wanted.connect(self._go_to_mean)
        explorer.opened.connect(self._on_opened)
        explorer.model_changed.connect(self.encode)

    @property
    def drawing(self) -> Drawing:
        """What is on the canvas."""
        return self.panel.canvas.drawing()

    @property
    def is_bernoulli(self) -> bool:
        """Whether the model says that its pixels are 0 or 1, with the probabilities that it gives."""
        source = self._explorer.source
        return source is not None and source.bundle is not None and source.bundle.likelihood == "bernoulli"

    @property
    def x(self) -> Any:
        """The drawing as the model takes it: float32 [C, H, W], thresholded where its data was."""
        return self.drawing.thresholded() if self.is_bernoulli else self.drawing.pixels

    def open_file(self, path: Path) -> None:
        """Fit a picture in a file to the model, and go to its mean."""
        self._fit(path)

    def set_image(self, image: QImage) -> None:
        """Fit a picture to the model, and go to its mean."""
        self._fit(from_qimage(image))

    def set_pixels(self, pixels: Any) -> None:
        """Put a picture float32 [C, H, W] of the model's own shape on the canvas."""
        self.panel.show_steps(None)
        self.panel.canvas.set_drawing(Drawing(pixels, blank(pixels.shape).known))
        self._window.panel.show_section(self.panel)

    def encode(self) -> None:
        """Have the drawing encoded, as soon as what is being encoded is done."""
        model = self._explorer.model
        if model is None or not model.has_encoder or self.drawing.is_empty:
            self._show(None)
        elif self._is_encoding:
            self._is_stale = True
        else:
            self._is_encoding, self._is_stale = True, False
            job = encode(model, self.x, self.is_bernoulli)
            self._explorer.worker.request(
                "encode", Priority.PICTURE, job, self._show, self._on_failed, self._encoded
            )

    def _fit(self, picture: Bytes | Path) -> None:
        model = self._explorer.model
        if model is not None:
            job = fit_image(picture, model.image_shape, self._is_digits())
            self._explorer.worker.request("fit picture", Priority.PICTURE, job, self._on_fitted)

    def _is_digits(self) -> bool:
        """Whether the data was made as MNIST was."""
        source = self._explorer.source
        dataset = None if source is None or source.bundle is None else source.bundle.manifest.get("dataset")
        name = dataset.get("name") if isinstance(dataset, dict) else None
        return isinstance(name, str) and name.lower().startswith("mnist")

    def _on_fitted(self, fitted: Fitted) -> None:
        self._goes_to_mean = True
        self.panel.canvas.set_drawing(Drawing(fitted.pixels, blank(fitted.pixels.shape).known))
        self.panel.show_steps(fitted, self.is_bernoulli)
        self._window.panel.show_section(self.panel)

    def _on_opened(self) -> None:
        model = self._explorer.model
        assert model is not None
        # What was on its way belonged to the model before.
        self._is_encoding = self._is_stale = self._goes_to_mean = False
        self.panel.show_steps(None)
        self.panel.take.setEnabled(model.has_encoder)
        notes = [NO_ENCODER] * (not model.has_encoder) + [NOT_BERNOULLI] * (not self.is_bernoulli)
        self.panel.note.setText("\n".join(notes))
        self.panel.note.setVisible(bool(notes))
        if self.drawing.pixels.shape == model.image_shape:
            self._on_drawn()
        else:
            self.panel.canvas.set_drawing(blank(model.image_shape), undoable=False)

    def _on_drawn(self) -> None:
        self.encode()
        self.encoding_changed.emit()

    def _show(self, encoded: Encoded | None) -> None:
        self.encoded = encoded
        panel = self.panel
        for name in ("elbo", "rate", "distortion"):
            panel.set_figure(name, None if encoded is None else getattr(encoded, f"{name}_nats"))
        pixels = None if encoded is None else to_bytes(encoded.reconstruction[None])[0]
        panel.reconstruction.set_image(None if pixels is None else to_qimage(pixels))
        self._window.plane.redraw_under_points()
        if encoded is not None and self._goes_to_mean:
            self._goes_to_mean = False
            self._go_to_mean()
        self.encoding_changed.emit()

    def _encoded(self) -> None:
        self._is_encoding = False
        if self._is_stale:
            self.encode()

    def _on_failed(self, error: Exception) -> None:
        self._is_encoding = self._goes_to_mean = False
        self._explorer.failed.emit(error)

    def _go_to_mean(self) -> None:
        if self.encoded is not None:
            z = tuple(float(value) for value in self.encoded.mean)
            self._explorer.set_state(self._explorer.state.moved_to(z))

    def _clear(self) -> None:
        self.panel.show_steps(None)
        self.panel.canvas.set_drawing(blank(self.drawing.pixels.shape))

    def _choose(self) -> None:
        kinds = "Pictures (*.png *.jpg *.jpeg *.bmp *.gif *.webp);;All files (*)"
        chosen, _ = QFileDialog.getOpenFileName(self._window, "Open a picture", "", kinds)
        if chosen:
            self.open_file(Path(chosen))

    def _paint(self, painter: QPainter, to_px: Any, state: ViewState) -> None:
        """One and two standard deviations of the encoder's posterior, and its mean."""
        if self.encoded is None or Layer.ENCODED not in state.layers:
            return
        normals = project_normals(state.plane, self.encoded.mean[None], self.encoded.logvar[None])
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for radius, style in ((1, Qt.PenStyle.SolidLine), (2, Qt.PenStyle.DashLine)):
            curve = QPolygonF([QPointF(x, y) for x, y in to_px(ellipse(normals, 0, radius)).tolist()])
            for color, width, pen_style in (
                (colors.CANVAS, 4.0, Qt.PenStyle.SolidLine),
                (colors.ENCODED, 1.8, style),
            ):
                painter.setPen(QPen(color, width, pen_style))
                painter.drawPolyline(curve)
