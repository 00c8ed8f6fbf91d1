"""The test images nearest to the cursor, in a row; a click on one moves the cursor to its mean."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from desktop.latent.nearest import Nearness
from desktop.models.point_words import TEST_IMAGES, PointWords
from desktop.widgets.common import colors
from desktop.widgets.common.checkerboard import draw_checks
from desktop.widgets.common.choices import add_choices, show_choice
from desktop.widgets.common.plain_text import tip_text
from desktop.widgets.common.usable import set_usable

COUNT = 5
SIDE_PX, TEXT_PX = 54, 16
# Five at once would take as long as a drag's own picture, which they are painted with.
PAINT_EVERY_MS = 8


@dataclass(frozen=True)
class Shown:
    """An image in the row.

    Attributes:
        index: its number.
        title: what it is: "Test image 5", or the name of an own picture.
        image: the picture.
        name: the text below it: its label, or else its name or number.
        color: the colour of its label.
        distance: as text.
    """

    index: int
    title: str
    image: QImage
    name: str
    color: QColor
    distance: str

    def looks_like(self, other: "Shown") -> bool:
        """Whether it is drawn like another one."""
        return (self.image, self.name, self.color) == (other.image, other.name, other.color)


class NearestButton(QAbstractButton):
    """A test image with its label below; painted rather than laid out, because every drag changes it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.shown: Shown | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def show_image(self, shown: Shown | None) -> bool:
        """Take another image, or none; return whether it has to be painted, which is left to others."""
        if shown == self.shown:
            return False
        is_same_picture = shown is not None and self.shown is not None and shown.looks_like(self.shown)
        self.shown = shown
        words = "" if shown is None else f"{shown.title}: {shown.distance}"
        self.setAccessibleName(words)
        tip = tip_text(words and f"{words}\nClick to move the cursor to its mean.")
        set_usable(self, "" if shown is not None else "There is no further image.", tip)
        return not is_same_picture

    def sizeHint(self) -> QSize:
        """Return room for a picture and a line of text."""
        return QSize(SIDE_PX, SIDE_PX + TEXT_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the picture on the canvas colour, with a frame while it is hovered or focused."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        side = min(self.width(), self.height() - TEXT_PX) - 2
        box = QRectF((self.width() - side) / 2, 1, side, side)
        painter.fillRect(box, colors.CANVAS)
        if self.shown is None:
            return
        image = self.shown.image
        scale = side / max(image.width(), image.height())
        target = QRectF(0, 0, image.width() * scale, image.height() * scale)
        target.moveCenter(box.center())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        draw_checks(painter, target, image)
        painter.drawImage(target, image)
        if self.underMouse() or self.hasFocus():
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Highlight), 2))
            painter.drawRect(box)
        text = QRectF(0, box.bottom() + 2, self.width(), TEXT_PX)
        metrics = painter.fontMetrics()
        name = metrics.elidedText(self.shown.name, Qt.TextElideMode.ElideRight, int(text.width()) - 14)
        left = text.center().x() - (metrics.horizontalAdvance(name) + 12) / 2
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.shown.color)
        painter.drawEllipse(QRectF(left, text.center().y() - 4, 8, 8))
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        painter.drawText(text.adjusted(left + 12, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, name)


class NearestPanel(QWidget):
    """Shows up to five test images; emits signals for the chosen image and the chosen measure of nearness."""

    chosen = Signal(int)
    nearness_wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = title = QLabel()
        self.set_words(TEST_IMAGES)
        font = QFont(title.font())
        font.setBold(True)
        title.setFont(font)
        self.nearness = QComboBox()
        add_choices(self.nearness, Nearness)
        self.nearness.setAccessibleName("Measure of nearness")
        self.nearness.setToolTip(
            "By z, the distance is that of the posterior mean from the cursor.\n"
            "By picture, it is −log p(x|z) in nats at the cursor, or the root mean square difference\n"
            "if the model's likelihood is not known."
        )
        self.nearness.activated.connect(
            lambda: self.nearness_wanted.emit(Nearness(self.nearness.currentData()))
        )
        self.buttons = [NearestButton() for _ in range(COUNT)]
        self._to_paint: deque[NearestButton] = deque()
        self._next = QTimer(self, singleShot=True, interval=PAINT_EVERY_MS)
        self._next.timeout.connect(self._paint_next)
        above, row = QHBoxLayout(), QHBoxLayout()
        above.addWidget(title, 1)
        above.addWidget(self.nearness)
        row.setSpacing(6)
        for button in self.buttons:
            row.addWidget(button)
            button.show_image(None)
            button.clicked.connect(lambda _=False, button=button: self._choose(button))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 2)
        layout.setSpacing(4)
        layout.addLayout(above)
        layout.addLayout(row)

    def set_words(self, words: PointWords) -> None:
        """Call the images by other words."""
        self.title.setText(f"{words.nearest.removeprefix('the ').capitalize()}s")
        self.title.setToolTip(tip_text(words.source.strip()))

    def show_images(self, shown: Sequence[Shown]) -> None:
        """Show these images, nearest first, one after the other."""
        for button, one in zip(self.buttons, [*shown, *[None] * COUNT][:COUNT], strict=True):
            if button.show_image(one) and button not in self._to_paint:
                self._to_paint.append(button)
        if not self._next.isActive():
            self._paint_next()

    def _paint_next(self) -> None:
        if self._to_paint:
            self._to_paint.popleft().update()
            self._next.start()

    def set_nearness(self, nearness: Nearness) -> None:
        """Show the measure of nearness."""
        show_choice(self.nearness, nearness)

    def _choose(self, button: NearestButton) -> None:
        if button.shown is not None:
            self.chosen.emit(button.shown.index)
