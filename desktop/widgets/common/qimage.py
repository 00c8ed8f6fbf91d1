"""Converts numpy arrays to QImage and back; no other file does."""

import base64
import binascii

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPointF, Qt
from PySide6.QtGui import QImage, QImageWriter, QPainter

from desktop.base.arrays import Bytes


def to_qimage(picture: Bytes) -> QImage:
    """Convert uint8 [H, W], [H, W, 3] or [H, W, 4] to a QImage with its own memory."""
    formats = {
        1: QImage.Format.Format_Grayscale8,
        3: QImage.Format.Format_RGB888,
        4: QImage.Format.Format_RGBA8888,
    }
    height, width = picture.shape[:2]
    channels = picture.shape[2] if picture.ndim == 3 else 1
    # QImage does not keep the buffer alive, so it needs a copy of its own.
    return QImage(picture.tobytes(), width, height, width * channels, formats[channels]).copy()


def draw_words(painter: QPainter, words: NDArray[np.uint32], corner: tuple[int, int], ratio: float) -> None:
    """Draw premultiplied 0xAARRGGBB [H, W] as device pixels, with the upper left pixel at `corner`.

    Nothing is copied, because QImage needs the buffer only while it is drawn.
    """
    height, width = words.shape
    image = QImage(words.data, width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio)
    painter.drawImage(QPointF(*corner) / ratio, image)


def scaled_down(image: QImage, side_px: int) -> QImage:
    """Return an image whose longer side has at most `side_px` pixels, with its aspect ratio kept."""
    if max(image.width(), image.height()) <= side_px:
        return image
    keep, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
    return image.scaled(side_px, side_px, keep, smooth)


def from_qimage(image: QImage) -> Bytes:
    """Convert a QImage to uint8 [H, W, 4] in the order RGBA, with its own memory."""
    rgba = image.convertToFormat(QImage.Format.Format_RGBA8888)
    rows = np.frombuffer(rgba.constBits(), np.uint8).reshape(rgba.height(), rgba.bytesPerLine())
    return rows[:, : 4 * rgba.width()].reshape(rgba.height(), rgba.width(), 4).copy()


def png_text(image: QImage, side_px: int) -> str:
    """Return an image as a PNG in base64, whose longer side has at most `side_px` pixels."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"png")).write(scaled_down(image, side_px))
    return base64.b64encode(buffer.data().data()).decode("ascii")


def from_png_text(text: str) -> QImage | None:
    """Return the image that `png_text` wrote; None if the text holds none."""
    try:
        image = QImage.fromData(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        return None
    return None if image.isNull() else image
