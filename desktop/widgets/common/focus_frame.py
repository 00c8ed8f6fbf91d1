"""Shows which picture has the keyboard: what is painted by hand has no frame of the style's own."""

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
    """A frame over a widget while it has the keyboard, if it got it by a key: who clicks knows where."""

    def __init__(self, around: QWidget) -> None:
        super().__init__(around)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        around.installEventFilter(self)
        self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Come and go with the focus, and grow with the widget."""
        if isinstance(event, QFocusEvent):
            self.setVisible(event.gotFocus() and event.reason() in BY_KEY)
        if event.type() in (QEvent.Type.Resize, QEvent.Type.FocusIn) and isinstance(watched, QWidget):
            self.setGeometry(watched.rect())
            self.raise_()
        return False

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Only the frame itself is this widget: what is inside is painted without it."""
        inside = self.rect().adjusted(WIDTH_PX, WIDTH_PX, -WIDTH_PX, -WIDTH_PX)
        self.setMask(QRegion(self.rect()) - QRegion(inside))

    def paintEvent(self, event: QPaintEvent) -> None:
        """The colour of what is selected."""
        painter = QPainter(self)
        painter.setPen(QPen(self.palette().highlight().color(), 2 * WIDTH_PX))
        painter.drawRect(self.rect())
