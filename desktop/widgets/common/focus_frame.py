"""Shows which picture has the keyboard focus; the style draws no focus frame around painted widgets."""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QFocusEvent, QPainter, QPaintEvent, QPen, QRegion, QResizeEvent
from PySide6.QtWidgets import QWidget

WIDTH_PX = 2
BY_KEY = (
    Qt.FocusReason.TabFocusReason,
    Qt.FocusReason.BacktabFocusReason,
    Qt.FocusReason.ShortcutFocusReason,
)


class FocusFrame(QWidget):
    """A frame around a widget that got the keyboard focus by a key; after a click it is not needed."""

    def __init__(self, around: QWidget) -> None:
        super().__init__(around)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        around.installEventFilter(self)
        self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the widget's focus and size."""
        if isinstance(event, QFocusEvent):
            self.setVisible(event.gotFocus() and event.reason() in BY_KEY)
        if event.type() in (QEvent.Type.Resize, QEvent.Type.FocusIn) and isinstance(watched, QWidget):
            self.setGeometry(watched.rect())
            self.raise_()
        return False

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Limit this widget to the frame, so that the inside is painted without it."""
        inside = self.rect().adjusted(WIDTH_PX, WIDTH_PX, -WIDTH_PX, -WIDTH_PX)
        self.setMask(QRegion(self.rect()) - QRegion(inside))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the frame in the selection colour."""
        painter = QPainter(self)
        painter.setPen(QPen(self.palette().highlight().color(), 2 * WIDTH_PX))
        painter.drawRect(self.rect())
