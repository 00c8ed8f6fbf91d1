"""Your own image, drawn, dropped or pasted: the canvas, and the section with its figures."""

import contextlib
from collections.abc import Sequence
from itertools import zip_longest

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import (
    QBoxLayout,
    QButtonGroup,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from desktop.base.minus import with_minus
from desktop.base.words import in_nats
from desktop.images.data_look import Color
from desktop.images.drawing import Tool
from desktop.images.fitting import Fitted
from desktop.images.pixels import to_bytes
from desktop.latent.likelihood import THRESHOLD, as_data
from desktop.widgets.common import terms
from desktop.widgets.common.icons import line_icon
from desktop.widgets.common.number_box import NumberBox
from desktop.widgets.common.picture_view import PictureView
from desktop.widgets.common.qimage import to_qimage
from desktop.widgets.common.terms import term_tip
from desktop.widgets.common.theme import GRID_PX
from desktop.widgets.panels.color_row import ColorRow
from desktop.widgets.panels.draw_canvas import DrawCanvas

CANVAS_PX = 168
RESULT_PX = 96
# The pen's radius in images of 28 × 28, as thick as MNIST's strokes; larger images have larger pens.
RADIUS_PX, MOST_RADIUS_PX, AT_SIDE_PX = 1.2, 8.0, 28
MOST_SAVED_PX = 100.0  # in images of 28 × 28; more than any image needs
STEP_PX = 52
AT_CURSOR, RECONSTRUCTION = "At the cursor", "Reconstruction"
NOTHING_DRAWN = "Draw, drop or open an image first."
NO_BREAK_SPACE = "\u00a0"
PROGRESS_PX = 4
TOOL_ICONS = {Tool.PEN: "pencil-simple", Tool.ERASER: "eraser", Tool.UNKNOWN: "circle-dashed"}
TOOL_TIPS = {
    Tool.PEN: "Draw with the left mouse button (D).",
    Tool.ERASER: "Erase with the left mouse button (X); the right one always erases.",
    Tool.UNKNOWN: (
        "Mark pixels as unknown (U), as if something covered them: the plane shows where such an image\n"
        "can be, and the section Your image how it can be completed."
    ),
}
FIGURES = {
    "elbo": terms.ELBO,
    "bits": terms.BITS,
    "rate": terms.RATE,
    "distortion": terms.DISTORTION,
    "log_px": terms.LOG_PX,
    "gap": terms.GAP,
}
QUADRATURE_TIP = f"Quadrature: {term_tip(terms.QUADRATURE)}"
PROGRESS_TIP = (
    "{} % of the plane is decoded for log p(x). This happens once for each model and epoch;\n"
    "afterwards every stroke takes a moment."
)


class ImagePanel(QWidget):
    """Shows your image and its figures; emits signals for what the person wants.

    Attributes:
        canvas: the canvas for the image. It is shown elsewhere in the window, above `tool_row`.
        tool_row: the tools of the canvas.
        reconstruction: shows the reconstruction, or the picture at the cursor while the large view shows the
            reconstruction.
    """

    clear_wanted = Signal()
    open_wanted = Signal()
    cursor_wanted = Signal()
    mode_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.canvas = DrawCanvas(CANVAS_PX)
        self.tools = {tool: QToolButton() for tool in Tool}
        self._group = QButtonGroup(self)
        self._pen_px = RADIUS_PX  # the radius in images of AT_SIDE_PX
        self._scale = 1.0  # the size of the open model's images, relative to AT_SIDE_PX
        for tool, button in self.tools.items():
            button.setIcon(line_icon(TOOL_ICONS[tool]))
            button.setAccessibleName(tool.value)
            button.setCheckable(True)
            button.setToolTip(TOOL_TIPS[tool])
            self._group.addButton(button)
            button.clicked.connect(lambda _, tool=tool: self._choose(tool))
        self.tools[Tool.PEN].setChecked(True)
        self.radius = NumberBox()
        self.radius.setRange(0.5, MOST_RADIUS_PX)
        self.radius.setSingleStep(0.1)
        self.radius.setDecimals(1)
        self.radius.setValue(self.canvas.radius_px)
        self.radius.setSuffix(" px")
        self.radius.setAccessibleName("Pen radius")
        self.radius.setToolTip("Set the pen radius in pixels of the model.")
        self.radius.valueChanged.connect(self._on_radius)
        self.colors = ColorRow()
        self.colors.chosen.connect(lambda color: setattr(self.canvas, "color", color))
        self.colors.hide()
        self.canvas.color_taken.connect(self._on_taken)
        self.clear = QToolButton()
        self.clear.setIcon(line_icon("trash"))
        self.clear.setAccessibleName("Clear")
        self.clear.setToolTip("Clear the canvas (Shift+X).")
        self.tool_row = QWidget()
        self.open = QPushButton("Open an image…")
        self.open.setToolTip("Open an image file; you can also drop or paste an image.")
        self.take = QPushButton("Go to encoder's mean")
        self.take.setToolTip(f"Move the cursor there (G).\n{term_tip(terms.MEAN)}")
        self.take_mode = QPushButton("Go to mode")
        self.take_mode.setToolTip(f"Move the cursor there (Shift+G).\n{term_tip(terms.MODE)}")
        self.reconstruction = _view(RECONSTRUCTION)
        self.completed = _view("Completed picture")
        self._reconstruction_name, self._completed_name = QLabel(RECONSTRUCTION), QLabel("Completed")
        self._has_encoder = True
        self._results = QBoxLayout(QBoxLayout.Direction.LeftToRight)  # the pictures and the figures
        self.figures: dict[str, QLabel] = {}
        self._titles: dict[str, QLabel] = {}
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(PROGRESS_PX)
        self.progress.setAccessibleName("Progress of log p(x)")
        room = self.progress.sizePolicy()
        room.setRetainSizeWhenHidden(True)  # so that nothing below moves
        self.progress.setSizePolicy(room)
        self.note = QLabel()
        self.note.setWordWrap(True)
        self.note.setTextFormat(Qt.TextFormat.PlainText)
        self.steps = QWidget()
        self.steps_text = QLabel()
        self.steps_text.setWordWrap(True)
        self.steps_text.setTextFormat(Qt.TextFormat.PlainText)
        self.step_views = [PictureView(STEP_PX) for _ in range(4)]
        self.clear.clicked.connect(self.clear_wanted)
        self.open.clicked.connect(self.open_wanted)
        self.take.clicked.connect(self.cursor_wanted)
        self.take_mode.clicked.connect(self.mode_wanted)
        self._lay_out()
        self.show_steps(None)
        self.show_completed(None)
        self.show_progress(None)

    def set_figure(self, name: str, nats: float | None, note: str = "") -> None:
        """Show a figure, or `note` in its place, or a dash without either."""
        text = note or ("–" if nats is None else in_nats(nats))
        self.figures[name].setText(text.replace(" nats", f"{NO_BREAK_SPACE}nats"))

    def explain_log_px(self, why_none: str = "") -> None:
        """Say in the tool tips of log p(x) why there is none, or how it is computed."""
        tip = term_tip(terms.LOG_PX, why_none or QUADRATURE_TIP)
        for label in (self._titles["log_px"], self.figures["log_px"]):
            label.setToolTip(tip)

    def show_parts(self, has_encoder: bool, has_true_posterior: bool) -> None:
        """Show only the pictures, figures and buttons that the open model can use."""
        self._has_encoder = has_encoder
        is_any = has_encoder or has_true_posterior
        of_encoder: list[QWidget] = [self._reconstruction_name, self.reconstruction, self.take]
        of_any: list[QWidget] = [self.take_mode]
        for key in FIGURES:
            (of_any if key == "log_px" else of_encoder).extend([self._titles[key], self.figures[key]])
        for part in of_encoder:
            part.setVisible(has_encoder)
        for part in of_any:
            part.setVisible(is_any)
        self.show_bits(False)

    def show_error(self, nats: float | None) -> None:
        """Give the standard error of ELBO and distortion in their tool tips; None removes it."""
        for name in ("elbo", "distortion"):
            more = "" if nats is None else f"Here ± {in_nats(nats)}, the standard error of these draws."
            for label in (self._titles[name], self.figures[name]):
                label.setToolTip(term_tip(FIGURES[name], more))

    def show_progress(self, share: float | None) -> None:
        """Show the progress of log p(x): 1 if the rest is not known, None if there is nothing left to do."""
        self.progress.setVisible(share is not None)
        if share is not None:
            percent = int(100 * share)
            self.progress.setRange(0, 0 if percent >= 100 else 100)
            self.progress.setValue(percent)
            self.progress.setToolTip(PROGRESS_TIP.format(percent))

    def show_bits(self, is_shown: bool, bits: float | None = None) -> None:
        """Show bits per dimension, or a dash; hide them if `is_shown` is false."""
        for label in (self._titles["bits"], self.figures["bits"]):
            label.setVisible(is_shown and self._has_encoder)
        self.figures["bits"].setText("–" if bits is None else with_minus(f"{bits:z.3f}"))

    def set_data(self, image_shape: tuple[int, int, int], colors: Sequence[Color], color: Color) -> None:
        """Set the images to draw: their shape, the colours to choose from, and the first colour.

        Without colours, no choice is offered.
        """
        self.colors.setVisible(bool(colors))
        self.colors.color = self.canvas.color = color
        self.colors.set_colors(colors)
        self._scale = min(image_shape[1:]) / AT_SIDE_PX
        self._show_pen(self._pen_px)

    def saved_text(self) -> str:
        """Return the pen's radius in images of AT_SIDE_PX."""
        return f"{self._pen_px:.4g}"

    def restore_text(self, text: str) -> None:
        """Restore a saved pen radius."""
        with contextlib.suppress(ValueError):
            pen_px = float(text)
            if 0 < pen_px <= MOST_SAVED_PX:
                self._show_pen(pen_px)

    def _show_pen(self, pen_px: float) -> None:
        """Scale the pen to the model's images, within the range of the box."""
        self.radius.setRange(0.5, max(2.0, round(MOST_RADIUS_PX * self._scale, 1)))
        self.radius.setValue(round(pen_px * self._scale, 1))
        self._pen_px = pen_px

    def _on_radius(self, radius_px: float) -> None:
        self.canvas.radius_px = radius_px
        self._pen_px = radius_px / self._scale

    def _on_taken(self, color: Color) -> None:
        """Draw with a colour taken from the canvas, if colours can be chosen."""
        if not self.colors.isHidden():
            self.colors.show_color(color)
            self.canvas.color = color

    def show_picture(self, reconstruction: QImage | None, at_cursor: QImage | None) -> None:
        """Show the reconstruction, or `at_cursor` while the large view shows the reconstruction."""
        name = RECONSTRUCTION if at_cursor is None else AT_CURSOR
        self.reconstruction.set_image(reconstruction if at_cursor is None else at_cursor)
        self.reconstruction.setAccessibleName(name)
        self._reconstruction_name.setText(name)

    def show_completed(self, picture: QImage | None) -> None:
        """Show the picture with its unknown pixels filled in; None hides it.

        This picture takes the room of the figures, which then move below the pictures.
        """
        direction = QBoxLayout.Direction
        self._results.setDirection(direction.LeftToRight if picture is None else direction.TopToBottom)
        self.completed.set_image(picture)
        self.completed.setVisible(picture is not None)
        self._completed_name.setVisible(picture is not None)

    def show_steps(self, fitted: Fitted | None, is_thresholded: bool = True) -> None:
        """Show how an opened picture became the drawing: original, levelled, fitted, thresholded."""
        self.steps.setVisible(fitted is not None)
        if fitted is None:
            return
        pictures = {"Original": fitted.original}
        if fitted.levelled is not None:
            pictures["Levelled"] = fitted.levelled
        done = list(fitted.steps)
        if not fitted.problem:
            pictures["Fitted"] = to_bytes(fitted.pixels[None])[0]
            if is_thresholded:
                pictures["Thresholded"] = to_bytes(as_data(fitted.pixels[None], 2))[0]
                done.append(f"thresholded at {THRESHOLD}")
        for view, step in zip_longest(self.step_views, pictures):
            view.set_image(None if step is None else to_qimage(pictures[step]))
            view.setVisible(step is not None)
            view.setAccessibleName(step or "")
            view.setToolTip(step or "")
        text = f"The image was {', then '.join(done) or 'used without changes'}."
        if fitted.problem:
            text = f"{text if done else ''} {fitted.problem.capitalize()}, so it is not encoded.".strip()
        self.steps_text.setText(text)

    def _choose(self, tool: Tool) -> None:
        self.canvas.tool = tool

    def _lay_out(self) -> None:
        rows = QVBoxLayout(self.tool_row)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(GRID_PX // 2)
        tools = QHBoxLayout()
        tools.setSpacing(GRID_PX // 2)
        rows.addLayout(tools)
        rows.addWidget(self.colors)
        for button in self.tools.values():
            tools.addWidget(button)
        tools.addWidget(self.radius, 1)
        tools.addWidget(self.clear)
        pictures = QGridLayout()
        pictures.setSpacing(GRID_PX // 2)
        for column, (name, part) in enumerate(
            ((self._reconstruction_name, self.reconstruction), (self._completed_name, self.completed))
        ):
            pictures.addWidget(name, 0, column)
            pictures.addWidget(part, 1, column)
        pictures.setColumnStretch(2, 1)
        figures = QGridLayout()
        figures.setHorizontalSpacing(12)
        figures.setVerticalSpacing(2)
        for row, (key, title) in enumerate(FIGURES.items()):
            tip = term_tip(title, QUADRATURE_TIP if key == "log_px" else "")
            label, value = QLabel(title), QLabel("–")
            value.setAlignment(Qt.AlignmentFlag.AlignRight)
            value.setAccessibleName(title)
            value.setWordWrap(True)  # a note must not make the panel wider
            label.setToolTip(tip)
            value.setToolTip(tip)
            figures.addWidget(label, row, 0)
            figures.addWidget(value, row, 1)
            self.figures[key] = value
            self._titles[key] = label
        figures.addWidget(self.progress, len(FIGURES), 0, 1, 2)
        figures.setRowStretch(len(FIGURES) + 1, 1)
        self._results.setSpacing(12)
        self._results.addLayout(pictures)
        self._results.addLayout(figures, 1)
        goals = QHBoxLayout()
        goals.addWidget(self.take)
        goals.addWidget(self.take_mode)
        about_steps = QVBoxLayout(self.steps)
        about_steps.setContentsMargins(0, 0, 0, 0)
        in_steps = QHBoxLayout()
        for view in self.step_views:
            view.setFixedSize(STEP_PX, STEP_PX)
            in_steps.addWidget(view)
        in_steps.addStretch(1)
        about_steps.addLayout(in_steps)
        about_steps.addWidget(self.steps_text)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(self._results)
        layout.addLayout(goals)
        layout.addWidget(self.open)
        layout.addWidget(self.note)
        layout.addWidget(self.steps)
        layout.addStretch(1)


def _view(name: str) -> PictureView:
    view = PictureView(RESULT_PX)
    view.setFixedSize(RESULT_PX, RESULT_PX)
    view.setAccessibleName(name)
    return view
