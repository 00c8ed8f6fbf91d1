"""The time bar: a slider over a bundle's epochs, with a curve of the test ELBO and a play button."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QIcon, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QSlider,
    QStyle,
    QStyleOptionSlider,
    QToolButton,
    QToolTip,
    QWidget,
)

from desktop.base.words import in_nats
from desktop.models.epochs import Epoch, epoch_in_words, in_percent, last_number
from desktop.widgets.common.count_box import CountBox

START_EPOCHS_A_SECOND, MAX_EPOCHS_A_SECOND = 4, 25
TICK_PX, MIN_TICK_GAP_PX = 4.0, 4.0
CURVE_PX = 12.0
ICON_PX = 16


class EpochSlider(QSlider):
    """A slider with one step per epoch; a click goes to an epoch, and hovering describes it.

    The test ELBO of the epochs for which it is known is drawn as a curve above the groove.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._epochs: tuple[Epoch, ...] = ()
        self.setAccessibleName("Epoch")
        self.setPageStep(1)
        self.setMouseTracking(True)

    def set_epochs(self, epochs: tuple[Epoch, ...]) -> None:
        """Set the epochs to choose from."""
        self._epochs = epochs
        self.setRange(0, max(0, len(epochs) - 1))
        self.update()

    def sizeHint(self) -> QSize:
        """Return room for the curve above the groove and the ticks below it."""
        hint = super().sizeHint()
        # The height grows on both sides, because the style draws its groove in the middle.
        return QSize(hint.width(), hint.height() + round(2 * CURVE_PX))

    def minimumSizeHint(self) -> QSize:
        """Return the preferred height with a small width."""
        return QSize(80, self.sizeHint().height())

    def x_of(self, index: int) -> float:
        """Return the position of an epoch in pixels from the left."""
        groove, handle = self._groove_and_handle()
        span = groove.width() - handle.width()
        return float(groove.x() + handle.width() / 2 + span * index / max(1, self.maximum()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to the epoch nearest to a click, and start a drag from there."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.setSliderDown(True)
            self.setSliderPosition(self._index_at(event.position().x()))
            event.accept()
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow a drag."""
        if self.isSliderDown():
            self.setSliderPosition(self._index_at(event.position().x()))
        else:
            super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End a drag."""
        self.setSliderDown(False)
        event.accept()

    def event(self, event: QEvent) -> bool:
        """Show the tool tip of the epoch under the pointer."""
        if isinstance(event, QHelpEvent) and self._epochs:
            index = self._index_at(event.pos().x())
            QToolTip.showText(event.globalPos(), epoch_in_words(self._epochs, index), self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the curve and the ticks, and over them the style's slider."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._draw_ticks(painter)
        self._draw_curve(painter)
        painter.end()
        super().paintEvent(event)

    def _draw_ticks(self, painter: QPainter) -> None:
        color = self.palette().windowText().color()
        color.setAlphaF(0.45)
        painter.setPen(QPen(color, 1))
        top = self._groove_and_handle()[1].bottom() + 3.0
        gap = (self.x_of(1) - self.x_of(0)) if self.maximum() else 0.0
        every = 1
        while gap * every < MIN_TICK_GAP_PX and every <= self.maximum():
            every *= 5
        for index in range(0, self.maximum() + 1, every):
            x = self.x_of(index)
            painter.drawLine(QPointF(x, top), QPointF(x, top + TICK_PX))

    def _draw_curve(self, painter: QPainter) -> None:
        known = [(index, e.elbo_nats) for index, e in enumerate(self._epochs) if e.elbo_nats is not None]
        if len(known) < 2:
            return
        low, high = min(elbo for _, elbo in known), max(elbo for _, elbo in known)
        span = (high - low) or 1.0
        top, bottom = 4.0, self._groove_and_handle()[1].center().y() - 5.0
        corners = [
            QPointF(self.x_of(index), bottom + (top - bottom) * (elbo - low) / span) for index, elbo in known
        ]
        color = self.palette().highlight().color()
        painter.setPen(QPen(color, 1.5))
        painter.drawPolyline(corners)
        painter.setBrush(color)
        for (index, _), corner in zip(known, corners, strict=True):
            if index == self.sliderPosition():
                painter.drawEllipse(corner, 3, 3)

    def _index_at(self, x: float) -> int:
        first, last = self.x_of(0), self.x_of(self.maximum())
        share = (x - first) / max(1.0, last - first)
        return round(min(max(share, 0.0), 1.0) * self.maximum())

    def _groove_and_handle(self) -> tuple[QRect, QRect]:
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        groove, handle = (
            self.style().subControlRect(QStyle.ComplexControl.CC_Slider, option, part, self)
            for part in (QStyle.SubControl.SC_SliderGroove, QStyle.SubControl.SC_SliderHandle)
        )
        return groove, handle


class TimeBar(QWidget):
    """The slider, its play button and its speed; visible only for bundles with several epochs."""

    index_wanted = Signal(int)
    play_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._epochs: tuple[Epoch, ...] = ()
        self._is_playing = False
        self.play = QToolButton()
        self.play.setAutoRaise(True)
        self.play.clicked.connect(self.play_wanted)
        self.slider = EpochSlider()
        self.slider.valueChanged.connect(self.index_wanted)
        self.label = QLabel()
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.speed = CountBox()
        self.speed.setRange(1, MAX_EPOCHS_A_SECOND)
        self.speed.setValue(START_EPOCHS_A_SECOND)
        self.speed.setSuffix(" / s")
        self.speed.setAccessibleName("Epochs per second")
        self.speed.setToolTip("Set how many epochs per second are played.")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.setSpacing(8)
        layout.addWidget(self.play)
        layout.addWidget(self.slider, 1)
        layout.addWidget(self.label)
        layout.addWidget(self.speed)
        self.set_playing(False)
        self.set_epochs(())

    def changeEvent(self, event: QEvent) -> None:
        """Redraw the button's icon when the window's colours change."""
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "speed"):
            self.set_playing(self._is_playing)
        super().changeEvent(event)

    def set_epochs(self, epochs: tuple[Epoch, ...]) -> None:
        """Set the epochs to choose from; with fewer than two the bar is hidden."""
        self._epochs = epochs
        self.slider.blockSignals(True)
        self.slider.set_epochs(epochs)
        self.slider.blockSignals(False)
        self.setVisible(len(epochs) > 1)
        texts = [_label(epochs, index) for index in range(len(epochs))]
        # The label is as wide as its widest text, so that the slider does not move while it is dragged.
        self.label.setMinimumWidth(
            max((self.label.fontMetrics().horizontalAdvance(t) for t in texts), default=0)
        )

    def set_index(self, index: int) -> None:
        """Show which epoch the state is at."""
        self.slider.blockSignals(True)
        self.slider.setValue(index)  # Qt redraws it only if the value changes
        self.slider.blockSignals(False)
        if self._epochs:
            self.label.setText(_label(self._epochs, index))
            words = epoch_in_words(self._epochs, index)
            self.label.setToolTip(words)
            self.slider.setAccessibleDescription(words)

    def set_playing(self, playing: bool) -> None:
        """Show whether the epochs are playing."""
        self._is_playing = playing
        self.play.setIcon(_play_icon(playing, self.palette().buttonText().color(), self.devicePixelRatioF()))
        words = "Pause the epochs" if playing else "Play the epochs"
        self.play.setAccessibleName(words)
        self.play.setToolTip(f"{words} (E)")


def _play_icon(playing: bool, color: QColor, ratio: float) -> QIcon:
    """Draw a triangle or two bars, because the style's own icons are black even in a dark window."""
    picture = QPixmap(round(ICON_PX * ratio), round(ICON_PX * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    if playing:
        for x in (3, 9):
            painter.drawRect(QRectF(x, 2, 4, 12))
    else:
        painter.drawPolygon([QPointF(3, 2), QPointF(14, 8), QPointF(3, 14)])
    painter.end()
    return QIcon(picture)


def _label(epochs: Sequence[Epoch], index: int) -> str:
    epoch = epochs[index]
    elbo = "" if epoch.elbo_nats is None else f"  {in_nats(epoch.elbo_nats)}"
    share = "" if epoch.share == 1 else f"  {in_percent(epoch.share)} of it"
    return f"epoch {epoch.number} / {last_number(epochs)}{share}{elbo}"
