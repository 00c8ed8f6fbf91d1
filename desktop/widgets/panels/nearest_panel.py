"""The test images nearest to the cursor, in a row; a click on one moves the cursor to its mean."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QImage,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QResizeEvent,
)
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
SIDE_PX, SPACING_PX, BAR_PX = 54, 6, 3
NAME_POINT_SIZE = 8.0  # for names that need two lines
SEPARATORS = " -_/.,"
# Painting all five together would take as long as painting the picture of a drag.
PAINT_EVERY_MS = 8


@dataclass(frozen=True)
class Shown:
    """An image in the row.

    Attributes:
        index: the image's number.
        title: the image in words: "Test image 5", or the name of an own picture.
        image: the picture.
        name: the text below the image: its label, or otherwise its name or number.
        color: the colour of its label.
        distance: its distance, as text.
    """

    index: int
    title: str
    image: QImage
    name: str
    color: QColor
    distance: str

    def looks_like(self, other: "Shown") -> bool:
        """Whether the button would be painted the same for another image."""
        return (self.image, self.name, self.color) == (other.image, other.name, other.color)


def in_two_lines(name: str, fits: Callable[[str], bool]) -> tuple[str, ...]:
    """Return a name in one line if it fits, and otherwise in two, the second of which may be too long.

    The name is broken at the end of the last word that fits, or anywhere if both lines fit only then.
    """
    if fits(name):
        return (name,)
    most = max((end for end in range(1, len(name)) if fits(name[:end])), default=1)
    ends = [end for end in range(1, most + 1) if name[end - 1] in SEPARATORS]
    at = max(ends, default=most)
    if not fits(name[at:]) and fits(name[most:]):
        at = most
    return name[:at].rstrip(), name[at:].lstrip()


class NearestButton(QAbstractButton):
    """A test image with its label below; painted rather than laid out, because every drag changes it.

    Attributes:
        side_px: the side of the picture's square.
        lines: the number of lines for the label.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.shown: Shown | None = None
        self.side_px, self.lines = SIDE_PX, 1
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def show_image(self, shown: Shown | None) -> bool:
        """Set another image, or none; return whether the button must be repainted, which the caller does."""
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
        """Return room for a picture, a bar and the lines of text."""
        text_px = self.lines * QFontMetrics(self.name_font()).height()
        return QSize(SIDE_PX, SIDE_PX + BAR_PX + 2 + text_px)

    def name_font(self) -> QFont:
        """Return the font of the label."""
        font = QFont(self.font())
        if self.lines > 1:
            font.setPointSizeF(NAME_POINT_SIZE)
        return font

    def box(self) -> QRectF:
        """Return the box of the picture, which has the same height and size in all buttons of a row."""
        return QRectF((self.width() - self.side_px) // 2, 1, self.side_px, self.side_px)

    def name_lines(self) -> tuple[str, ...]:
        """Return the lines of the label; a label that is too long shows its end."""
        if self.shown is None:
            return ()
        metrics = QFontMetrics(self.name_font())
        lines: tuple[str, ...] = (self.shown.name,)
        if self.lines > 1:
            lines = in_two_lines(
                self.shown.name, lambda text: metrics.horizontalAdvance(text) <= self.width()
            )
        left = Qt.TextElideMode.ElideLeft
        return (*lines[:-1], metrics.elidedText(lines[-1], left, self.width()))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the picture on the canvas colour, with a frame while it is hovered or focused."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = self.box()
        painter.fillRect(box, colors.CANVAS)
        if self.shown is None:
            return
        image = self.shown.image
        scale = self.side_px / max(image.width(), image.height())
        target = QRectF(0, 0, image.width() * scale, image.height() * scale)
        target.moveCenter(box.center())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        draw_checks(painter, target, image)
        painter.drawImage(target, image)
        bar = QRectF(box.left(), box.bottom(), box.width(), BAR_PX)
        painter.fillRect(bar, self.shown.color)
        if self.underMouse() or self.hasFocus():
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Highlight), 2))
            painter.drawRect(box)
        painter.setFont(self.name_font())
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        text = QRectF(0, bar.bottom() + 1, self.width(), self.height() - bar.bottom() - 1)
        painter.drawText(
            text, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, "\n".join(self.name_lines())
        )


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
        row.setSpacing(SPACING_PX)
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
        """Set the words that name the images."""
        self.title.setText(f"{words.nearest.removeprefix('the ').capitalize()}s")
        self.title.setToolTip(tip_text(words.source.strip()))

    def set_names(self, names: Iterable[str]) -> None:
        """Reserve two lines for names if one of these possible names needs them."""
        metrics = QFontMetrics(self.font())
        room_px = self.buttons[0].side_px
        lines = 2 if any(metrics.horizontalAdvance(name) > room_px for name in names) else 1
        for button in self.buttons:
            if button.lines != lines:
                button.lines = lines
                button.updateGeometry()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give all pictures the same size, although the buttons' widths may differ."""
        super().resizeEvent(event)
        room_px = self.contentsRect().width() - (COUNT - 1) * SPACING_PX
        for button in self.buttons:
            button.side_px = max(1, min(SIDE_PX, room_px // COUNT) - 2)
            button.update()

    def show_images(self, shown: Sequence[Shown]) -> None:
        """Show these images, nearest first; the buttons are repainted one after the other."""
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
