"""A sheet of pictures, each of which is reached by the mouse or by arrow keys."""

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen

from desktop.jobs.sheet_steps import Sheet
from desktop.widgets.common import colors
from desktop.widgets.common.focus_frame import FocusFrame
from desktop.widgets.common.picture_view import PictureView
from desktop.widgets.common.qimage import to_qimage

SIDE_PX = 560
OUTER_PX, INNER_PX = 5.0, 2.5  # the dark and the bright line of the frame


class SheetView(PictureView):
    """Shows a sheet; says which of its pictures was clicked, or chosen by Return.

    Attributes:
        index: the picture that the keys are at, or None before the first key.
    """

    GESTURES = (
        ("Click, Return", "Go to the picture's z"),
        ("Arrow keys", "Go from picture to picture"),
    )
    chosen = Signal(int)
    described = Signal(str)  # the picture that a key led to

    def __init__(self) -> None:
        super().__init__(SIDE_PX, smooth=True)
        self._sheet: Sheet | None = None
        self.index: int | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.set_tip(self._caption)
        self.clicked.connect(self._on_clicked)
        FocusFrame(self)

    def set_sheet(self, sheet: Sheet | None) -> None:
        """Show a sheet, or nothing."""
        self._sheet = sheet
        self.set_image(None if sheet is None else to_qimage(sheet.picture))
        if sheet is None or (self.index is not None and self.index >= len(sheet.z)):
            self.index = None

    def cell_at(self, x_share: float, y_share: float) -> int | None:
        """Return the picture at shares of the sheet's width and height; None beyond the last one."""
        if self._sheet is None:
            return None
        rows, columns = self._sheet.rows, self._sheet.columns
        column, row = min(columns - 1, int(x_share * columns)), min(rows - 1, int(y_share * rows))
        index = row * columns + column
        return index if index < len(self._sheet.z) else None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go to the picture beside, or choose this one."""
        if self._sheet is None:
            super().keyPressEvent(event)
            return
        columns = self._sheet.columns
        steps = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -columns,
            Qt.Key.Key_Down: columns,
        }
        if event.key() in steps:
            self._move(steps[Qt.Key(event.key())])
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.index is not None:
            self.chosen.emit(self.index)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the sheet, and a frame around the picture that the keys are at."""
        super().paintEvent(event)
        if not self.hasFocus() or self.index is None:
            return
        painter = QPainter(self)
        cell = self._cell(self.index)
        for color, width in ((colors.CANVAS, OUTER_PX), (self.palette().highlight().color(), INNER_PX)):
            painter.setPen(QPen(color, width))
            painter.drawRect(cell)

    def _move(self, step: int) -> None:
        assert self._sheet is not None
        index = 0 if self.index is None else self.index + step
        if 0 <= index < len(self._sheet.z):
            self.index = index
            caption = self._sheet.captions[index]
            self.setAccessibleDescription(caption)
            self.described.emit(caption)
            self.update()

    def _on_clicked(self, x_share: float, y_share: float) -> None:
        index = self.cell_at(x_share, y_share)
        if index is not None:
            self.index = index
            self.update()
            self.chosen.emit(index)

    def _caption(self, x_share: float, y_share: float) -> str:
        index = self.cell_at(x_share, y_share)
        return "" if index is None or self._sheet is None else self._sheet.captions[index]

    def _cell(self, index: int) -> QRectF:
        """Return where a picture is in the widget."""
        image, sheet = self.image(), self._sheet
        assert image is not None and sheet is not None
        target = self._target(image)
        row, column = divmod(index, sheet.columns)
        width, height = target.width() / sheet.columns, target.height() / sheet.rows
        return QRectF(target.x() + column * width, target.y() + row * height, width, height)
