"""Framed texts on the plane: names of groups, and notes. Each is drawn once and then copied."""

import math
from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QFontMetricsF, QImage, QPainter, QPen

from desktop.widgets.common import colors

LABEL_POINT_SIZE, NOTE_POINT_SIZE = 12.5, 9.5
MOST_NAME_PX = 160.0  # a longer name loses its end


def draw_note(painter: QPainter, center: QPointF, text: str) -> None:
    """Draw a line of text in a frame."""
    draw_centered(painter, center, note_picture(painter.font(), painter.device().devicePixelRatio(), text))


def name_picture(font: QFont, ratio: float, text: str, color: QColor, is_bold: bool) -> QImage:
    """Return the framed name of a group, or the less bright one of several groups."""
    if is_bold:
        return _framed(text, color.rgba(), _bold(font).toString(), ratio)
    return note_picture(font, ratio, text)


def note_picture(font: QFont, ratio: float, text: str) -> QImage:
    """Return a text in a frame that is less bright than a name."""
    plain = QFont(font)
    plain.setPointSizeF(NOTE_POINT_SIZE)
    plain.setBold(False)
    return _framed(text, colors.AXIS.rgba(), plain.toString(), ratio)


def shortened(font: QFont, text: str) -> str:
    """Return a name, shortened at its end with an ellipsis if it is too wide."""
    return QFontMetricsF(_bold(font)).elidedText(text, Qt.TextElideMode.ElideRight, MOST_NAME_PX)


def draw_centered(painter: QPainter, center: QPointF, picture: QImage) -> None:
    """Draw a picture aligned to device pixels, so that it is sharp."""
    ratio, size = picture.devicePixelRatio(), picture.deviceIndependentSize()
    corner = center - QPointF(size.width(), size.height()) / 2
    painter.drawImage(QPointF(round(corner.x() * ratio), round(corner.y() * ratio)) / ratio, picture)


def blank(size: QSizeF, ratio: float) -> QImage:
    """Return a transparent picture of a size in pixels; `ratio` is the screen's device pixels per pixel."""
    width, height = math.ceil(size.width() * ratio), math.ceil(size.height() * ratio)
    image = QImage(width, height, QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    return image


def _bold(font: QFont) -> QFont:
    bold = QFont(font)
    bold.setPointSizeF(LABEL_POINT_SIZE)
    bold.setBold(True)
    return bold


@lru_cache(maxsize=512)
def _framed(text: str, color_words: int, font_text: str, ratio: float) -> QImage:
    """Return a text in a frame, which is drawn once and then copied."""
    font, color = QFont(), QColor.fromRgba(color_words)
    font.fromString(font_text)
    box = QRectF(QFontMetrics(font).boundingRect(text)).adjusted(-8, -4, 8, 4)
    box.moveTopLeft(QPointF(0, 0))
    image = blank(box.size(), ratio)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setFont(font)
    painter.setPen(QPen(color, 1.5))
    painter.setBrush(colors.PLATE)
    painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), 7, 7)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
    painter.end()
    return image
