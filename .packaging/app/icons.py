"""Draws the program's icon in the sizes that desktops ask for. Needs Qt, and no display."""

import os
from pathlib import Path

# Those of the icon theme hicolor; 512 is for macOS.
SIZES_PX = (16, 24, 32, 48, 64, 128, 256, 512)


def write_pictures(drawing: Path, folder: Path) -> list[Path]:
    """Write an SVG drawing as a PNG of each size, such as 16.png."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtCore import Qt
    from PySide6.QtGui import QImage, QPainter
    from PySide6.QtSvg import QSvgRenderer

    renderer = QSvgRenderer(str(drawing))
    if not renderer.isValid():
        raise ValueError(f"{drawing}: found no SVG drawing, expected one")
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for size_px in SIZES_PX:
        picture = QImage(size_px, size_px, QImage.Format.Format_ARGB32_Premultiplied)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        renderer.render(painter)
        painter.end()
        files.append(folder / f"{size_px}.png")
        if not picture.save(str(files[-1])):
            raise OSError(f"{files[-1]}: the picture could not be written")
    return files
