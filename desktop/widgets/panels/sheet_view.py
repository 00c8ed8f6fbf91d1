"""A sheet of pictures that can be chosen with the mouse or the arrow keys."""

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QPainter, QPaintEvent, QPen

from desktop.jobs.sheet_steps import Sheet
from desktop.widgets.common import colors
from desktop.widgets.common.focus_frame import FocusFrame
from desktop.widgets.common.picture_view import PictureView
from desktop.widgets.common.qimage import to_qimage

SIDE_PX = 560
TITLE_GAP_PX = 6.0  # between the sheet and the titles of its rows and columns
OUTER_PX, INNER_PX = 5.0, 2.5  # the dark and the bright line of the frame


class SheetView(PictureView):
    """Shows a sheet; emits which of its pictures was clicked, or chosen by Return.

    Attributes:
        index: the current picture, or None before the first click or key.
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

    def renew_captions(self, sheet: Sheet) -> None:
        """Change the captions of the pictures, and the description of the current one."""
        self._sheet = sheet
        if self.index is not None:
            self.setAccessibleDescription(sheet.captions[self.index])

    def cell_at(self, x_share: float, y_share: float) -> int | None:
        """Return the picture at fractions of the sheet's width and height; None beyond the last one."""
        if self._sheet is None:
            return None
        rows, columns = self._sheet.rows, self._sheet.columns
        column, row = min(columns - 1, int(x_share * columns)), min(rows - 1, int(y_share * rows))
        index = row * columns + column
        return index if index < len(self._sheet.z) else None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go to a neighbouring picture, or choose the current one."""
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
        """Draw the sheet with its titles, and a frame around the current picture."""
        super().paintEvent(event)
        painter = QPainter(self)
        self._draw_titles(painter)
        if not self.hasFocus() or self.index is None:
            return
        cell = self._cell(self.index)
        for color, width in ((colors.CANVAS, OUTER_PX), (self.palette().highlight().color(), INNER_PX)):
            painter.setPen(QPen(color, width))
            painter.drawRect(cell)

    def _draw_titles(self, painter: QPainter) -> None:
        """Name rows and columns, and frame the pictures nearest to the cursor."""
        if self._sheet is None:
            return
        plan, columns = self._sheet.plan, self._sheet.columns
        for color, width in ((colors.CANVAS, 4.0), (colors.PATH, 1.5)):
            painter.setPen(QPen(color, width))
            for index in plan.marked:
                painter.drawRect(self._cell(index).adjusted(2, 2, -2, -2))
        painter.setPen(colors.AXIS)  # the canvas is dark in both themes
        line_px, row_px = self.fontMetrics().lineSpacing(), self._cell(0).height()
        every = max(1, -int(-line_px // row_px))
        for row, whole in list(enumerate(plan.row_titles))[::every]:
            box = self._cell(row * columns)
            title = whole if row_px >= 2 * line_px else whole.split("\n")[0]
            box.setRect(0, box.top(), box.left() - TITLE_GAP_PX, box.height())
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, title)
        widest = max(map(self.fontMetrics().horizontalAdvance, plan.column_titles), default=0)
        every = max(1, -int(-(widest + TITLE_GAP_PX) // max(1.0, self._cell(0).width())))
        for column, title in list(enumerate(plan.column_titles))[::every]:
            box = self._cell(column)
            box.setRect(box.center().x() - widest, 0, 2 * widest, box.top() - TITLE_GAP_PX / 2)
            painter.drawText(box, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom, title)

    def _target(self, image: QImage) -> QRectF:
        """Return the sheet's rectangle, which leaves room for its titles."""
        plan = None if self._sheet is None else self._sheet.plan
        if plan is None or not plan.row_titles:
            return super()._target(image)
        metrics = self.fontMetrics()
        lines = "\n".join(plan.row_titles).split("\n")
        # Titles keep a distance from the sheet, and from the focus frame at the edge.
        left = max(map(metrics.horizontalAdvance, lines)) + 2 * TITLE_GAP_PX
        top, right = metrics.height() + TITLE_GAP_PX, TITLE_GAP_PX + metrics.horizontalAdvance("0.0")
        width, height = self.width() - left - right, self.height() - top
        scale = max(min(width / image.width(), height / image.height()), 1e-3)
        target = QRectF(0, 0, image.width() * scale, image.height() * scale)
        target.moveTopLeft(QPointF(left + (width - target.width()) / 2, top + (height - target.height()) / 2))
        return target

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
        """Return a picture's rectangle in the widget."""
        image, sheet = self.image(), self._sheet
        assert image is not None and sheet is not None
        target = self._target(image)
        row, column = divmod(index, sheet.columns)
        width, height = target.width() / sheet.columns, target.height() / sheet.rows
        return QRectF(target.x() + column * width, target.y() + row * height, width, height)
