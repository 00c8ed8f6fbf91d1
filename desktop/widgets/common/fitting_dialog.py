"""A dialog that fits a small screen and a small window: what it asks scrolls, its buttons stay in view."""

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDialog, QFrame, QLayout, QScrollArea, QStyle, QWidget

from desktop.widgets.common.wheel import leave_wheel_to_scrolling

# Beside a dialog, and above and below it with its title bar, so much stays free.
AROUND_PX = QSize(16, 48)
# All of a body is in view down to this height, and across up to this width; what is larger scrolls.
LEAST_BODY_PX = QSize(560, 120)


class FittingDialog(QDialog):
    """Opens as large as it wants to be, but within its window and the screen.

    If what it shows grows, it grows with it, within the same bounds. Its size can be set by hand.

    Args:
        parent: the window.
        size_px: how large it wants to be; by default as large as its layout.
    """

    def __init__(self, parent: QWidget | None = None, size_px: QSize | None = None) -> None:
        super().__init__(parent)
        self._has_own_size = size_px is not None
        self._wanted_px = QSize()  # when it was looked at last
        self._was_shown = False
        if size_px is not None:
            self.resize(size_px.boundedTo(self.room_px()))

    def room_px(self) -> QSize:
        """Return how large it may be."""
        room = self.screen().availableGeometry().size()
        parent = self.parentWidget()
        if parent is not None:
            room = room.boundedTo(parent.window().size())
        return (room - AROUND_PX).expandedTo(self.minimumSizeHint())

    def showEvent(self, event: QShowEvent) -> None:
        """Take a size that fits before Qt finds a place for it."""
        if not self._was_shown and not self._has_own_size:
            self._wanted_px = self.sizeHint()
            self.resize(self._wanted_px)
        self._was_shown = True
        self.resize(self.size().boundedTo(self.room_px()))
        super().showEvent(event)

    def event(self, event: QEvent) -> bool:
        """Grow by as much as what it shows has grown."""
        handled = super().event(event)
        if event.type() is QEvent.Type.LayoutRequest and self._was_shown and not self._has_own_size:
            before, self._wanted_px = self._wanted_px, self.sizeHint()
            more = self._wanted_px - before
            if more.width() > 0 or more.height() > 0:
                grown = self.size() + more.expandedTo(QSize(0, 0))
                self.resize(grown.boundedTo(self.room_px().expandedTo(self.size())))
        return handled


class Scrolled(QScrollArea):
    """The part of a dialog that scrolls where there is no room for all of it.

    The wheel scrolls, and does not change a number or a choice that it passes.
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
        """Return the size of all of it, with room for the scroll bar."""
        return self._body.sizeHint() + QSize(self._bar_px(), 0)

    def minimumSizeHint(self) -> QSize:
        """Return the width of all of it, unless that is large, and a small height."""
        least = self._body.minimumSizeHint()
        return QSize(least.width() + self._bar_px(), least.height()).boundedTo(LEAST_BODY_PX)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Tell the dialog that what it shows has another size."""
        if event.type() is QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().eventFilter(watched, event)

    def _bar_px(self) -> int:
        return self.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent, None, self.verticalScrollBar())
