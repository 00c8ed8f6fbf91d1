"""A dialog that fits small screens and windows: its fields scroll, and its buttons stay in view."""

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDialog, QFrame, QLayout, QScrollArea, QStyle, QWidget

from desktop.widgets.common.wheel import leave_wheel_to_scrolling

# The free space beside a dialog, and above and below it, title bar included.
AROUND_PX = QSize(16, 48)
# The least size of a body is at most this; where there is less room than a body wants, it scrolls.
LEAST_BODY_PX = QSize(560, 120)


class FittingDialog(QDialog):
    """Opens in its preferred size, but no larger than its window and the screen.

    The dialog grows with its content, within the same bounds. A person can resize it.

    Args:
        parent: the window.
        size_px: the preferred size; by default that of its layout.
    """

    def __init__(self, parent: QWidget | None = None, size_px: QSize | None = None) -> None:
        super().__init__(parent)
        self._has_own_size = size_px is not None
        self._wanted_px = QSize()  # the size hint when it was last read
        self._was_shown = False
        if size_px is not None:
            self.resize(size_px.boundedTo(self.room_px()))

    def room_px(self) -> QSize:
        """Return the largest size that the dialog may have."""
        room = self.screen().availableGeometry().size()
        parent = self.parentWidget()
        if parent is not None:
            room = room.boundedTo(parent.window().size())
        return (room - AROUND_PX).expandedTo(self.minimumSizeHint())

    def showEvent(self, event: QShowEvent) -> None:
        """Take a size that fits before Qt positions the dialog."""
        if not self._was_shown and not self._has_own_size:
            self._wanted_px = self.sizeHint()
            self.resize(self._wanted_px)
        self._was_shown = True
        self.resize(self.size().boundedTo(self.room_px()))
        super().showEvent(event)

    def event(self, event: QEvent) -> bool:
        """Grow by as much as the content has grown."""
        handled = super().event(event)
        if event.type() is QEvent.Type.LayoutRequest and self._was_shown and not self._has_own_size:
            before, self._wanted_px = self._wanted_px, self.sizeHint()
            more = self._wanted_px - before
            if more.width() > 0 or more.height() > 0:
                grown = self.size() + more.expandedTo(QSize(0, 0))
                self.resize(grown.boundedTo(self.room_px().expandedTo(self.size())))
        return handled


class Scrolled(QScrollArea):
    """The part of a dialog that scrolls if it does not fit.

    The wheel scrolls, and does not change the numbers and choices under the pointer.
    """

    def __init__(self, body: QWidget | QLayout) -> None:
        super().__init__()
        if isinstance(body, QLayout):
            body.setContentsMargins(0, 0, 0, 0)
            inside = QWidget()
            inside.setLayout(body)
        else:
            inside = body
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._body = inside
        self.setWidget(inside)
        leave_wheel_to_scrolling(inside)

    def sizeHint(self) -> QSize:
        """Return the size of the whole body, with room for the scroll bar."""
        return self._body.sizeHint() + QSize(self._bar_px(), 0)

    def minimumSizeHint(self) -> QSize:
        """Return the body's least size with the scroll bar, limited to `LEAST_BODY_PX`."""
        least = self._body.minimumSizeHint()
        return QSize(least.width() + self._bar_px(), least.height()).boundedTo(LEAST_BODY_PX)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Tell the dialog that the body's size has changed."""
        if event.type() is QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().eventFilter(watched, event)

    def _bar_px(self) -> int:
        return self.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent, None, self.verticalScrollBar())
