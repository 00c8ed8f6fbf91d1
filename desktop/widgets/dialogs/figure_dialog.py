"""The dialog for exporting the view as a figure: size, layers, axes, legend and caption, with a preview."""

from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from desktop.base.machine import free_memory_bytes
from desktop.figure.figure import (
    LEAST_SIDE_PX,
    MAX_SCALE,
    MAX_SIZE_PX,
    MM_RANGE,
    OF_POINTS,
    START_MM,
    START_PAIR_MM,
    START_PAIR_PX,
    START_SCALE,
    START_SIZE_PX,
    START_TEXT_PT,
    TEXT_PT_RANGE,
    Figure,
    FileKind,
    Ground,
    Part,
)
from desktop.figure.layout import in_print
from desktop.jobs.cost import ASK_FROM_S, Cost
from desktop.view.state import PALE_OPACITY
from desktop.widgets.common.checkerboard import draw_checks
from desktop.widgets.common.choices import choice_box, count_box
from desktop.widgets.common.error_label import ErrorLabel
from desktop.widgets.common.fitting_dialog import FittingDialog, Scrolled
from desktop.widgets.common.qimage import scaled_down
from desktop.widgets.common.saved_inputs import save_input
from desktop.widgets.common.theme import GRID_PX
from desktop.widgets.common.usable import set_usable

PREVIEW_PX, LEAST_PREVIEW_PX = 520, 240
LIGHT_PAGE = QColor(
    255, 255, 255, 190
)  # over the checkerboard, because texts on a transparent ground are dark
CAPTION_LINES_PX = 76
AUTOMATIC = 0  # the box's value if the opacity is chosen automatically
SOON_MS = 150  # after the last key or click, so that a preview is not drawn for each letter
SCALE_TIP = "Makes the picture finer; texts and lines keep their places."
VECTOR_SCALE_TIP = (
    "Keeps more pixels of the decoded pictures; lines and texts are vectors, which are always sharp."
)
NO_SCALE_TIP = (
    "There is nothing to make finer: lines and texts are vectors, and decoded pictures have all their pixels."
)
DRAWING = "Drawing …"
NO_PLANE, NO_POINTS = "The decoded plane is not drawn.", "The points are not drawn."
NO_INVERSION = "On a dark background, pictures are not inverted."
NO_CAPTION = "There is no caption."
NOTHING_THERE = "The view has nothing to draw for this."


class FigurePreview(QLabel):
    """Shows a figure as large as fits, with a checkerboard behind transparent parts; or a text."""

    def __init__(self) -> None:
        super().__init__()
        self._image: QImage | None = None
        self._text = ""
        self.setMinimumSize(LEAST_PREVIEW_PX, LEAST_PREVIEW_PX)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setWordWrap(True)
        self.setAccessibleName("Preview of the figure")

    def set_image(self, image: QImage | None) -> None:
        """Show a figure, or nothing."""
        self._image, self._text = image, ""
        self._show()

    def wait(self) -> None:
        """Say that the figure is being drawn, unless a figure is shown."""
        if self._image is None:
            self._text = DRAWING
            self._show()

    def sizeHint(self) -> QSize:
        """Return the preferred size, a square."""
        return QSize(PREVIEW_PX, PREVIEW_PX)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the figure to the new size."""
        super().resizeEvent(event)
        self._show()

    def _show(self) -> None:
        if self._image is None:
            self.setText(self._text)
            return
        ratio = self.devicePixelRatioF()
        image = self._image
        share = min(self.width() / image.width(), self.height() / image.height())
        small = scaled_down(image, max(1, int(ratio * share * max(image.width(), image.height()))))
        shown = QPixmap(small.size())
        painter = QPainter(shown)
        draw_checks(painter, QRectF(shown.rect()), small)
        if small.hasAlphaChannel():
            painter.fillRect(shown.rect(), LIGHT_PAGE)
        painter.drawImage(0, 0, small)
        painter.end()
        shown.setDevicePixelRatio(ratio)
        self.setPixmap(shown)


class FigureDialog(FittingDialog):
    """Asks for a Figure; emits `wanted` with it on saving, and `changed` soon after a setting changes."""

    wanted = Signal(object, object)  # Figure, FileKind
    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export the view")
        self._automatic = ""
        self.preview = FigurePreview()
        self.width_px = count_box("Width at scale 1", LEAST_SIDE_PX, MAX_SIZE_PX, START_SIZE_PX[0], " px")
        self.height_px = count_box("Height at scale 1", LEAST_SIDE_PX, MAX_SIZE_PX, START_SIZE_PX[1], " px")
        self.width_mm = count_box("Width in print", *MM_RANGE, START_MM[0], " mm")
        self.height_mm = count_box("Height in print", *MM_RANGE, START_MM[1], " mm")
        self.text_pt = count_box("Size of texts in print", *TEXT_PT_RANGE, START_TEXT_PT, " pt")
        self.text_pt.setToolTip("The size of caption and legend in print, if the file is not scaled.")
        self.scale = count_box("Scale", 1, MAX_SCALE, START_SCALE, " ×")
        self.format = choice_box("Format", FileKind)
        self.ground = choice_box("Background", Ground)
        self.inverted = QCheckBox("Grey pictures dark on white")
        self.inverted.setChecked(True)
        self.opacity = count_box("Opacity of the decoded plane", AUTOMATIC, 100, AUTOMATIC, " %")
        self.opacity.setSpecialValueText("Automatic")
        self.opacity.setToolTip(
            f"Automatic is {100 * PALE_OPACITY:.0f} % under points, density and holes, and 100 % otherwise."
        )
        self.parts = {part: QCheckBox(part.value) for part in Part}
        self.axes, self.legend = QCheckBox("Axes"), QCheckBox("Legend")
        self.has_caption = QCheckBox("Caption")
        for box in (self.axes, self.legend, self.has_caption):
            box.setChecked(True)
        self.caption = QPlainTextEdit()
        self.caption.setAccessibleName("Caption")
        self.caption.setTabChangesFocus(True)
        self.caption.setFixedHeight(CAPTION_LINES_PX)
        self.reset = QPushButton("Reset caption")
        self.reset.setToolTip("Write the automatic caption again.")
        self.reset.setAutoDefault(False)
        self.facts, self.error = QLabel(), ErrorLabel()
        self.facts.setWordWrap(True)
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel
        )
        self.save = self.buttons.button(QDialogButtonBox.StandardButton.Save)
        self.save.setText("&Save…")
        self._cost = ""
        self._can_be_finer, self._possible = True, frozenset(Part)
        self._soon = QTimer(self, singleShot=True, interval=SOON_MS)
        self._soon.timeout.connect(self.changed)
        self._connect()
        for name, widget in (
            ("width", self.width_px),
            ("height", self.height_px),
            ("width_mm", self.width_mm),
            ("height_mm", self.height_mm),
            ("text_pt", self.text_pt),
            ("scale", self.scale),
            ("format", self.format),
            ("ground", self.ground),
            ("inverted", self.inverted),
            ("opacity", self.opacity),
            ("axes", self.axes),
            ("legend", self.legend),
            ("caption", self.has_caption),
        ):
            save_input(f"view.{name}", widget)
        self._lay_out()
        self._show_uses()
        self._show_facts()

    def figure(self) -> Figure:
        """Return the figure with the current settings: in pixels for PNG, in millimetres for SVG and PDF."""
        size_px, unit_pt = (self.width_px.value(), self.height_px.value()), None
        if self._is_vector:
            size_px, unit_pt = in_print((self.width_mm.value(), self.height_mm.value()), self.text_pt.value())
        return Figure(
            size_px=size_px,
            unit_pt=unit_pt,
            scale=self.scale.value() if self.scale.isEnabled() else 1,
            parts=frozenset(part for part, box in self.parts.items() if box.isChecked() and box.isEnabled()),
            has_axes=self.axes.isChecked(),
            has_legend=self.legend.isChecked(),
            caption=self.caption.toPlainText().strip() if self.has_caption.isChecked() else "",
            caption_gives_way=self.caption.toPlainText() == self._automatic,
            ground=Ground(self.ground.currentData()),
            opacity=None if self.opacity.value() == AUTOMATIC else self.opacity.value() / 100,
            is_inverted=self.inverted.isChecked(),
        )

    def set_parts(self, possible: frozenset[Part], shown: frozenset[Part], can_be_finer: bool = True) -> None:
        """Offer the layers that the view can draw, and check those that it shows.

        The preview waits for the new figure. `can_be_finer` says whether decoded pictures have more pixels
        than a figure at scale 1 keeps.
        """
        self._can_be_finer, self._possible = can_be_finer, possible
        self.preview.set_image(None)
        self.preview.wait()
        for part, box in self.parts.items():
            box.setChecked(part in shown)
        self._show_uses()

    def set_pair(self, is_pair: bool) -> None:
        """Set whether the figure has two planes; a size that is still the default changes to fit."""
        self.setWindowTitle("Export both planes" if is_pair else "Export the view")
        sizes = START_SIZE_PX, START_PAIR_PX
        if (self.width_px.value(), self.height_px.value()) == sizes[not is_pair]:
            self.width_px.setValue(sizes[is_pair][0])
            self.height_px.setValue(sizes[is_pair][1])
        in_mm = START_MM, START_PAIR_MM
        if (self.width_mm.value(), self.height_mm.value()) == in_mm[not is_pair]:
            self.width_mm.setValue(in_mm[is_pair][0])
            self.height_mm.setValue(in_mm[is_pair][1])

    def set_is_gray(self, is_gray: bool) -> None:
        """Offer to invert pictures only if they are grey."""
        self._form.setRowVisible(self.inverted, is_gray)

    def set_caption(self, text: str) -> None:
        """Set the automatic caption; a caption that a person wrote stays."""
        is_own = self.caption.toPlainText() != self._automatic
        self._automatic = text
        if not is_own and self.caption.toPlainText() != text:
            self.caption.setPlainText(text)

    def show_preview(self, image: QImage) -> None:
        """Show the figure, as large as fits."""
        self.preview.set_image(image)
        self._show_facts()

    def show_error(self, text: str) -> None:
        """Say why the figure cannot be drawn."""
        self.preview.set_image(None)
        self._say("", text)
        set_usable(self.save, text)

    def show_cost(self, cost: Cost) -> None:
        """Say how long the decoded plane takes, if it takes long; the preview then leaves it out."""
        is_long = cost.seconds > ASK_FROM_S
        self._cost = f" Still to decode: {cost.in_words()}." if is_long else ""
        self._show_facts()

    def preview_px(self) -> int:
        """Return the pixels of the preview's longer side: twice the screen's, to keep small texts sharp."""
        return round(2 * PREVIEW_PX * self.devicePixelRatioF())

    def _connect(self) -> None:
        self.buttons.accepted.connect(self._accept)
        self.buttons.rejected.connect(self.reject)
        self.reset.clicked.connect(lambda: self.caption.setPlainText(self._automatic))
        self.caption.textChanged.connect(self._on_changed)
        for combo in (self.format, self.ground):
            combo.currentIndexChanged.connect(self._on_changed)
        in_mm = self.width_mm, self.height_mm, self.text_pt
        for spin in (self.width_px, self.height_px, *in_mm, self.scale, self.opacity):
            spin.valueChanged.connect(self._on_changed)
        checks = (self.axes, self.legend, self.has_caption, self.inverted, *self.parts.values())
        for check in checks:
            check.toggled.connect(self._on_changed)

    def _on_changed(self) -> None:
        self._show_uses()
        self._show_facts()
        self.preview.wait()
        self._soon.start()

    def _show_uses(self) -> None:
        """Disable the settings that have no effect with the others."""
        has_plane = self.parts[Part.BACKDROP].isChecked()
        set_usable(self.opacity, "" if has_plane else NO_PLANE)
        is_dark = self.ground.currentData() == Ground.DARK
        set_usable(self.inverted, NO_PLANE if not has_plane else NO_INVERSION if is_dark else "")
        has_points = self.parts[Part.POINTS].isChecked()
        for part, box in self.parts.items():
            no_points = NO_POINTS if part in OF_POINTS and not has_points else ""
            set_usable(box, no_points if part in self._possible else NOTHING_THERE)
        is_vector = self._is_vector
        for row, is_shown in ((self._size_px, not is_vector), (self._size_mm, is_vector)):
            self._form.setRowVisible(row, is_shown)
        no_use = is_vector and not (has_plane and self._can_be_finer)
        tip = VECTOR_SCALE_TIP if is_vector else SCALE_TIP
        set_usable(self.scale, NO_SCALE_TIP if no_use else "", "" if no_use else tip)
        for widget in (self.caption, self.reset):
            set_usable(widget, "" if self.has_caption.isChecked() else NO_CAPTION)
        self.reset.setVisible(self.caption.toPlainText() != self._automatic)

    def _show_facts(self) -> None:
        """Say how large the figure will be, or why it is too large."""
        figure, free = self.figure(), free_memory_bytes()
        reason = figure.why_not(free)
        set_usable(self.save, reason)
        if reason:
            fitting = figure.largest_scale(free)
            fits = f"scale {fitting} × fits" if fitting else "make it smaller"
            self._say("", f"{reason}; {fits}.")
            return
        width, height = figure.full_px
        size = f"{width:,} × {height:,} px"
        in_mm = f"{self.width_mm.value()} × {self.height_mm.value()} mm in print"
        vector = f"{in_mm}, texts of {self.text_pt.value()} pt; lines and texts are vectors."
        self._say((vector if self._is_vector else f"{size}.") + self._cost)

    @property
    def _is_vector(self) -> bool:
        return FileKind(self.format.currentData()).is_vector

    def _say(self, facts: str, error: str = "") -> None:
        """Show above the buttons what the file will be, or why it cannot be written."""
        for label, text in ((self.facts, facts), (self.error, error)):
            label.setText(text)
            label.setVisible(bool(text))

    def _accept(self) -> None:
        self.accept()
        self.wanted.emit(self.figure(), FileKind(self.format.currentData()))

    def _lay_out(self) -> None:
        self._size_px = _row(self.width_px, QLabel("×"), self.height_px)
        self._size_mm = _row(self.width_mm, QLabel("×"), self.height_mm, QLabel("text"), self.text_pt)
        around = QHBoxLayout()
        for check in (self.axes, self.legend, self.has_caption):
            around.addWidget(check)
        around.addStretch(1)
        layers = QVBoxLayout()
        layers.setSpacing(GRID_PX // 2)
        for box in self.parts.values():
            layers.addWidget(box)
        self._form = form = QFormLayout()
        form.addRow("Format", self.format)
        form.addRow("Size", self._size_px)
        form.addRow("Size", self._size_mm)
        form.addRow("Scale", self.scale)
        form.addRow("Background", self.ground)
        form.addRow("Layers", layers)
        form.addRow("Plane opacity", self.opacity)
        form.addRow("", self.inverted)
        form.addRow("Also draw", around)
        form.addRow(self.caption)
        form.addRow("", self.reset)
        above = QHBoxLayout()
        above.setSpacing(2 * GRID_PX)
        above.addWidget(self.preview, 1)
        above.addWidget(Scrolled(form))
        layout = QVBoxLayout(self)
        layout.addLayout(above, 1)
        layout.addWidget(self.facts)
        layout.addWidget(self.error)
        layout.addWidget(self.buttons)


def _row(*widgets: QWidget) -> QWidget:
    """Return widgets side by side."""
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    for widget in widgets:
        layout.addWidget(widget)
    layout.addStretch(1)
    return row
